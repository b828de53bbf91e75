using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>One thing below a code cell.</summary>
public abstract record NotebookOutput;

/// <summary>Text that the cell printed.</summary>
/// <param name="Stream">To which stream.</param>
/// <param name="Text">The text; may hold ANSI escape sequences and carriage returns.</param>
public sealed record StreamOutput(OutputStream Stream, string Text) : NotebookOutput;

/// <summary>Something the cell displayed, or its value.</summary>
/// <param name="Bundle">What is shown, in every form there is.</param>
/// <param name="ExecutionCount">The number beside it, if <paramref name="IsResult"/>.</param>
/// <param name="IsResult">Whether it is the value of the cell's last expression.</param>
public sealed record DisplayOutput(MimeBundle Bundle, int? ExecutionCount = null, bool IsResult = false) : NotebookOutput;

/// <summary>Why the cell failed.</summary>
/// <param name="Name">The exception's type.</param>
/// <param name="Message">What it says.</param>
/// <param name="Traceback">The lines to show; may hold ANSI escape sequences.</param>
public sealed record ErrorOutput(string Name, string Message, IReadOnlyList<string> Traceback) : NotebookOutput;

/// <summary>An output of a kind this library does not know, kept as it was.</summary>
/// <param name="Json">The output.</param>
public sealed record UnknownOutput(JsonObject Json) : NotebookOutput;
