using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>One output of a code cell.</summary>
public abstract record NotebookOutput;

/// <summary>Text that the cell printed.</summary>
/// <param name="Stream">The stream it was printed to.</param>
/// <param name="Text">The text; may hold ANSI escape sequences and carriage returns.</param>
public sealed record StreamOutput(OutputStream Stream, string Text) : NotebookOutput;

/// <summary>Something the cell displayed, or its value.</summary>
/// <param name="Bundle">The content, in one or more MIME types.</param>
/// <param name="ExecutionCount">The execution count of the cell, if <paramref name="IsResult"/>.</param>
/// <param name="IsResult">Whether it is the value of the cell's last expression.</param>
public sealed record DisplayOutput(MimeBundle Bundle, int? ExecutionCount = null, bool IsResult = false) : NotebookOutput;

/// <summary>The error that ended the cell.</summary>
/// <param name="Name">The exception's type.</param>
/// <param name="Message">The exception's message.</param>
/// <param name="Traceback">The lines to show; may hold ANSI escape sequences.</param>
public sealed record ErrorOutput(string Name, string Message, IReadOnlyList<string> Traceback) : NotebookOutput;

/// <summary>An output of a kind that this library does not know. It is kept unchanged.</summary>
/// <param name="Json">The output.</param>
public sealed record UnknownOutput(JsonObject Json) : NotebookOutput;
