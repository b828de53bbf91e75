namespace Mezcla.Notebooks;

/// <summary>The kinds of failure that end a cell.</summary>
public enum CellErrorKind
{
    /// <summary>The code did not compile, and no part of it ran.</summary>
    Compilation,

    /// <summary>The code threw an exception.</summary>
    Exception,

    /// <summary>The cell was interrupted.</summary>
    Interrupted,

    /// <summary>A directive (<c>#r</c>, <c>#load</c>, <c>#!…</c>) could not be carried out.</summary>
    Directive,
}

/// <summary>The error that ended a cell, with positions in the cell.</summary>
/// <param name="Kind">The kind of failure.</param>
/// <param name="Name">The exception's type name, for instance <c>System.DivideByZeroException</c>,
/// or <c>CompileError</c>, <c>Interrupted</c>, <c>DirectiveError</c>.</param>
/// <param name="Message">The message, in one or more lines, without colour.</param>
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
