namespace Mezcla.Notebooks;

/// <summary>Drops everything a cell shows, and fails when the cell asks for input.</summary>
public sealed class NoOutput : ICellOutput
{
    private NoOutput()
    {
    }

    /// <summary>The one instance, which holds no state.</summary>
    public static NoOutput Instance { get; } = new();

    /// <inheritdoc/>
    public void Write(OutputStream stream, string text)
    {
    }

    /// <inheritdoc/>
    public void Display(MimeBundle bundle, string? displayId)
    {
    }

    /// <inheritdoc/>
    public void UpdateDisplay(string displayId, MimeBundle bundle)
    {
    }

    /// <inheritdoc/>
    public void Clear(bool wait)
    {
    }

    /// <inheritdoc/>
    public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) =>
        throw new NotSupportedException("A cell that runs silently cannot ask for input.");
}
