using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;
using Mezcla.Notebooks;

namespace Mezcla.Kernel.Channels;

/// <summary>The output of one execute request: everything the cell shows, also long
/// after it ended, names that request as its parent.</summary>
internal sealed class CellOutput(IoPub ioPub, StdinRequests stdin, ZmtpConnection client, MessageHeader parent) : ICellOutput
{
    public void Write(OutputStream stream, string text) => ioPub.Stream(parent, stream, text);

    public void Display(MimeBundle bundle, string? displayId) => ioPub.DisplayData(parent, bundle, displayId);

    public void UpdateDisplay(string displayId, MimeBundle bundle) => ioPub.UpdateDisplayData(parent, bundle, displayId);

    public void Clear(bool wait) => ioPub.ClearOutput(parent, wait);

    public async Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) =>
        await stdin.AskAsync(client, parent, prompt, password, cancellation).ConfigureAwait(false);
}
