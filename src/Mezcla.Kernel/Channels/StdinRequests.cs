using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Channels;

/// <summary>Asks the client that sent a request for a line of text, over the stdin channel.</summary>
internal sealed class StdinRequests(RouterSocket socket, MessageCodec codec, KernelLog log)
{
    // A client that lost its connection for a moment reconnects by itself. After this time it counts as gone.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>Sends <c>input_request</c> and waits for the answer.</summary>
    /// <param name="client">The connection of the execute request. Its peer's identity also identifies its stdin connection.</param>
    /// <param name="parent">The header of the execute request.</param>
    /// <param name="prompt">The prompt to show.</param>
    /// <param name="password">Whether to hide what the user types.</param>
    /// <param name="cancel">Cancels the wait.</param>
    /// <exception cref="NotSupportedException">The client has no stdin connection, or disconnected without an answer.</exception>
    public async Task<string> AskAsync(ZmtpConnection client, MessageHeader parent, string prompt, bool password, CancellationToken cancel)
    {
        await _oneAtATime.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ZmtpConnection? stdin = client.Identity.Length == 0 ? null : socket.Find(client.Identity);
            if (stdin is null)
                throw new NotSupportedException("This front end cannot be asked for input: it did not open the stdin channel.");

            // Drop answers to earlier questions, whose cells no longer wait for them.
            while (socket.TryReceive(out Received stale))
                log.Detail($"stdin: a late answer from {stale.From.Peer} was dropped");

            socket.Send(stdin, codec.Encode([], "input_request", parent, new JsonObject { ["prompt"] = prompt, ["password"] = password }));
            return await AnswerAsync(client.Identity, cancel).ConfigureAwait(false)
                ?? throw new NotSupportedException("The front end disconnected without an answer.");
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task<string?> AnswerAsync(byte[] identity, CancellationToken cancel)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task watch = WatchAsync(identity, waiting);
        try
        {
            while (await socket.ReceiveAsync(waiting.Token).ConfigureAwait(false) is { } received)
            {
                if (!received.From.Identity.AsSpan().SequenceEqual(identity))
                    log.Detail($"stdin: {received.From.Peer} sent an answer, but was not asked");
                else if (codec.Decode(received.Frames, out var problem) is not { } message)
                    log.Warn($"stdin: dropped a message from {received.From.Peer}: {problem}");
                else if (message.Type == "input_reply")
                    return message.Text("value");
                else
                    log.Warn($"stdin: dropped a {message.Type} from {received.From.Peer}");
            }

            cancel.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
        }
    }

    // Ends the wait when no peer with this identity has been connected for a while.
    private async Task WatchAsync(byte[] identity, CancellationTokenSource waiting)
    {
        var seen = Environment.TickCount64;
        while (!waiting.IsCancellationRequested)
        {
            if (socket.Find(identity) is not null)
                seen = Environment.TickCount64;
            else if (Environment.TickCount64 - seen > Grace.TotalMilliseconds)
                await waiting.CancelAsync().ConfigureAwait(false);
            await Task.Delay(250, waiting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
