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
/// <param name="Name">The exception's type name, for instance <c>System.DivideByZeroException</c>,
/// or <c>CompileError</c>, <c>Interrupted</c>, <c>DirectiveError</c>.</param>
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
