using System.Text.Json.Serialization;

namespace Mezcla.Notebooks.Running;

/// <summary>The request to the child process: which notebook to run, and how.</summary>
internal sealed record NotebookRequest(string Notebook, string SaveTo, double? CellTimeoutSeconds, bool AllowErrors,
    Dictionary<string, string> Parameters);

/// <summary>A message from the child process about its run.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Printed), "printed")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Done), "done")]
[JsonDerivedType(typeof(Refused), "refused")]
internal abstract record NotebookMessage
{
    public sealed record Started(string Cell, int Number, int Count) : NotebookMessage;

    public sealed record Printed(string Text) : NotebookMessage;

    public sealed record Ended(double Seconds, string? ErrorName, string? ErrorMessage) : NotebookMessage;

    public sealed record Done(int CellsRun, int CellCount, double Seconds, string[] FailedCells) : NotebookMessage;

    public sealed record Refused(string Message) : NotebookMessage;
}
