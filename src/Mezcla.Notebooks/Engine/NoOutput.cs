namespace Mezcla.Notebooks;

/// <summary>Drops what a cell shows; nobody answers its questions.</summary>
internal sealed class NoOutput : ICellOutput
{
    public static readonly NoOutput Instance = new();

    public void Write(OutputStream stream, string text)
    {
    }

    public void Display(MimeBundle bundle, string? displayId)
    {
    }

    public void UpdateDisplay(string displayId, MimeBundle bundle)
    {
    }

    public void Clear(bool wait)
    {
    }

    public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) =>
        throw new NotSupportedException("Nobody can answer here.");
}
