using Mezcla.Notebooks;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace Mezcla.Interactive;

/// <summary>Shows what cells display through the kernel of .NET Interactive that runs them.</summary>
internal sealed class KernelOutput : ICellOutput
{
    /// <inheritdoc/>
    public void Write(OutputStream stream, string text) => (stream == OutputStream.Error ? Console.Error : Console.Out).Write(text);

    /// <inheritdoc/>
    public void Display(MimeBundle bundle, string? displayId)
    {
        if (KernelInvocationContext.Current is { } context)
            context.Publish(new DisplayedValueProduced(bundle, context.Command, Formatted(bundle), displayId));
        else
            Console.WriteLine(bundle[MimeBundle.PlainText]);
    }

    /// <inheritdoc/>
    public void UpdateDisplay(string displayId, MimeBundle bundle)
    {
        if (KernelInvocationContext.Current is { } context)
            context.Publish(new DisplayedValueUpdated(bundle, displayId, context.Command, Formatted(bundle)));
    }

    /// <summary>Does nothing: the kernel has no message by which a cell could remove its output.</summary>
    public void Clear(bool wait)
    {
    }

    /// <inheritdoc/>
    public async Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) => password
        ? (await Kernel.GetPasswordAsync(prompt)).GetClearTextPassword()
        : await Kernel.GetInputAsync(prompt);

    private static FormattedValue[] Formatted(MimeBundle bundle) =>
        [.. bundle.Data.Select(entry => new FormattedValue(entry.Key, entry.Value))];
}
