namespace Mezcla.Notebooks;

/// <summary>What kind of failure ended a cell.</summary>
public enum CellErrorKind
{
    /// <summary>The code did not compile; nothing of it ran.</summary>
    Compilation,

    /// <summary>The code threw an exception.</summary>
    Exception,

    /// <summary>The cell was interrupted.</summary>
    Interrupted,

    /// <summary>A directive (<c>#r</c>, <c>#load</c>, <c>#!…</c>) could not be carried out.</summary>
    Directive,
}

/// <summary>Why a cell failed, in the cell's own coordinates.</summary>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Name">The exception's type name, for instance <c>System.DivideByZeroException</c>, or <c>CompileError</c>, <c>Interrupted</c>, <c>DirectiveError</c>.</param>
/// <param name="Message">One or more lines without colour.</param>
/// <param name="Traceback">The lines to show, coloured by ANSI escape sequences.</param>
/// <param name="Line">Line in the cell, from 1, where known.</param>
/// <param name="Column">Column in that line, from 1, where known.</param>
public sealed record CellError(
    CellErrorKind Kind,
    string Name,
    string Message,
    IReadOnlyList<string> Traceback,
    int? Line = null,
    int? Column = null);

/// <summary>How a cell ended. Exactly one of success (with or without a value) and <see cref="Error"/>.</summary>
public sealed record CellResult
{
    /// <summary>The value of the cell's last expression, formatted; null when the cell ends in a statement.</summary>
    public MimeBundle? Value { get; init; }

    /// <summary>The same value as an object.</summary>
    public object? ReturnValue { get; init; }

    /// <summary>Why the cell failed, or null.</summary>
    public CellError? Error { get; init; }

    /// <summary>Compiler warnings, one line each. They are not shown unless a host wants to.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Time from the start of <see cref="CellEngine.RunAsync(string, ICellOutput, CellOptions?, CancellationToken)"/> to the end.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether the cell ran to its end.</summary>
    public bool Succeeded => Error is null;
}

/// <summary>How one cell is to be run.</summary>
public sealed record CellOptions
{
    /// <summary>The number shown beside the cell and used in its errors ("Cell 3"); by default the engine counts.</summary>
    public int? Number { get; init; }

    /// <summary>A name for errors in place of "Cell 3".</summary>
    public string? Name { get; init; }

    /// <summary>Whether to leave the value of the last expression unformatted (<see cref="CellResult.Value"/> is null).</summary>
    public bool Silent { get; init; }

    /// <summary>Whether <see cref="Console.ReadLine"/> may ask the user; when not, it fails with a message that says so.</summary>
    public bool AllowInput { get; init; } = true;
}
