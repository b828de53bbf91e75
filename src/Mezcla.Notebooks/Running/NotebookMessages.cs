using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mezcla.Notebooks.Running;

/// <summary>The request to the child process: which notebook to run, and how.</summary>
internal sealed record NotebookRequest(string Notebook, string SaveTo, double? CellTimeoutSeconds, bool AllowErrors,
    Dictionary<string, string> Parameters);

/// <summary>
/// A message from the child process about its run. Each message is one line of JSON after a prefix with which no print of native code is
/// likely to begin.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Printed), "printed")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(Refused), "refused")]
internal abstract record NotebookMessage
{
    public const string Mark = "\u001emezcla ";

    public sealed record Started(string Cell, int Number, int Count) : NotebookMessage;

    public sealed record Printed(string Text) : NotebookMessage;

    public sealed record Ended(double Seconds, string? ErrorName, string? ErrorMessage) : NotebookMessage;

    public sealed record Done(int CellsRun, int CellCount, double Seconds, string[] FailedCells) : NotebookMessage;

    public sealed record Refused(string Message) : NotebookMessage;

    public string ToLine() => Mark + JsonSerializer.Serialize(this);

    /// <summary>Parses the message of a line. Returns null if the line is not a message but something that the process printed.</summary>
    public static NotebookMessage? Parse(string line)
    {
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        try
        {
            return JsonSerializer.Deserialize<NotebookMessage>(line.AsSpan(Mark.Length));
        }
        catch (JsonException)
        {
            // A line that native code has broken is treated as a print.
            return null;
        }
    }
}
