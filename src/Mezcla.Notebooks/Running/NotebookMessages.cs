using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mezcla.Notebooks.Running;

/// <summary>What a process is asked to run.</summary>
internal sealed record NotebookRequest(string Notebook, string SaveTo, double? CellTimeoutSeconds, bool AllowErrors,
    Dictionary<string, string> Parameters);

/// <summary>What a process tells of its run: one line of JSON each, after a mark that
/// no print of native code will begin a line with.</summary>
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

    /// <summary>The message of a line, or null if the line is something else that the process printed.</summary>
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
            // A line that native code tore apart is a print like any other.
            return null;
        }
    }
}
