using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Channels;

/// <summary>Asks the client that sent a request for a line of text, over the stdin channel.</summary>
internal sealed class StdinRequests(RouterSocket socket, MessageCodec codec, KernelLog log)
{
    // A client that lost its connection for a moment connects again by itself; one that has gone answers no more.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>Sends <c>input_request</c> and waits for the answer.</summary>
    /// <param name="client">The connection the execute request came by; its peer's identity names its stdin connection.</param>
    /// <param name="parent">The execute request's header.</param>
    /// <param name="prompt">What to show.</param>
    /// <param name="password">Whether to hide what is typed.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="NotSupportedException">The client has no stdin connection, or went away without an answer.</exception>
    public async Task<string> AskAsync(ZmtpConnection client, MessageHeader parent, string prompt, bool password, CancellationToken cancel)
    {
        await _oneAtATime.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ZmtpConnection? stdin = client.Identity.Length == 0 ? null : socket.Find(client.Identity);
            if (stdin is null)
                throw new NotSupportedException("This front end cannot be asked for input: it opened no stdin channel.");

            // Answers that came after their question was given up are not answers to this one.
            while (socket.TryReceive(out Received stale))
                log.Detail($"stdin: a late answer from {stale.From.Peer} was dropped");

            socket.Send(stdin, codec.Encode([], "input_request", parent, new JsonObject { ["prompt"] = prompt, ["password"] = password }));
            return await AnswerAsync(client.Identity, cancel).ConfigureAwait(false)
                ?? throw new NotSupportedException("The front end went away without an answer.");
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
                    log.Detail($"stdin: {received.From.Peer} answered what it was not asked");
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

    // Ends the waiting once nobody of this identity has been connected for a while.
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
