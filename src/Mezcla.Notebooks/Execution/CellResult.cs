namespace Mezcla.Notebooks;

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

    /// <summary>Time from the start of
    /// <see cref="CellEngine.RunAsync(string, ICellOutput, CellOptions?, CancellationToken)"/> to the end.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether the cell ran to its end.</summary>
    public bool Succeeded => Error is null;
}
