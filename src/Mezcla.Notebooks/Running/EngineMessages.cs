using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Mezcla.Notebooks.Running;

/// <summary>What the parent of an engine process asks of it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "ask")]
[JsonDerivedType(typeof(Run), "run")]
[JsonDerivedType(typeof(Interrupt), "interrupt")]
[JsonDerivedType(typeof(Complete), "complete")]
[JsonDerivedType(typeof(Inspect), "inspect")]
[JsonDerivedType(typeof(Answer), "answer")]
internal abstract record EngineRequest
{
    public sealed record Run(int Id, string Code, CellOptions Options) : EngineRequest;

    public sealed record Interrupt : EngineRequest;

    public sealed record Complete(int Id, string Code, int Cursor) : EngineRequest;

    public sealed record Inspect(int Id, string Code, int Cursor) : EngineRequest;

    /// <summary>A line for the cell that asked for one; null at the end of input.</summary>
    public sealed record Answer(string? Text) : EngineRequest;
}

/// <summary>What an engine process tells its parent.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Ready), "ready")]
[JsonDerivedType(typeof(Printed), "printed")]
[JsonDerivedType(typeof(Displayed), "displayed")]
[JsonDerivedType(typeof(Updated), "updated")]
[JsonDerivedType(typeof(Cleared), "cleared")]
[JsonDerivedType(typeof(Asked), "asked")]
[JsonDerivedType(typeof(Ran), "ran")]
[JsonDerivedType(typeof(Completed), "completed")]
[JsonDerivedType(typeof(Inspected), "inspected")]
internal abstract record EngineEvent
{
    public sealed record Ready : EngineEvent;

    public sealed record Printed(int Run, OutputStream Stream, string Text) : EngineEvent;

    public sealed record Displayed(int Run, BundleForm Bundle, string? DisplayId) : EngineEvent;

    public sealed record Updated(string DisplayId, BundleForm Bundle) : EngineEvent;

    public sealed record Cleared(int Run, bool Wait) : EngineEvent;

    public sealed record Asked(int Run, string Prompt, bool Password) : EngineEvent;

    public sealed record Ran(int Run, BundleForm? Value, CellError? Error, double Seconds) : EngineEvent;

    public sealed record Completed(int Id, CompletionResult Result) : EngineEvent;

    public sealed record Inspected(int Id, BundleForm? Found) : EngineEvent;
}

/// <summary>A bundle as it travels.</summary>
internal sealed record BundleForm(Dictionary<string, string> Data, JsonObject? Metadata)
{
    public static BundleForm? Of(MimeBundle? bundle) => bundle is null
        ? null
        : new(new(bundle.Data), bundle.Metadata.Count == 0 ? null : bundle.Metadata);

    public MimeBundle ToBundle() => new(Data, Metadata);
}
