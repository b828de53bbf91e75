namespace Mezcla.Notebooks.Cells;

/// <summary>Refers to a displayed output, which can be replaced in place.</summary>
public sealed class DisplayHandle
{
    private readonly CellRun? _run;

    internal DisplayHandle(CellRun? run, string id)
    {
        _run = run;
        Id = id;
    }

    /// <summary>The display id, by which front ends know the output.</summary>
    public string Id { get; }

    /// <summary>Shows another value in the same place, also from a later cell.</summary>
    public void Update(object? value) => Update(Formatter.ToBundle(value));

    /// <summary>Shows another value in the same place, in the form of one MIME type.</summary>
    public void Update(object? value, string mimeType) =>
        Update(value is string text ? MimeForms.OfContent(mimeType, text) : Formatter.ToBundle(value, mimeType));

    internal void Update(MimeBundle bundle)
    {
        if ((CellRun.Current ?? _run) is { } run)
            run.Post(output => output.UpdateDisplay(Id, bundle));
        else
            OtherHost.Output?.UpdateDisplay(Id, bundle);
    }
}
