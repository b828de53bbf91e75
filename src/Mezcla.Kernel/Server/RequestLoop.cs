using System.Text.Json.Nodes;
using Mezcla.Kernel.Channels;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Server;

/// <summary>
/// Takes the requests of one channel one after another: busy, the handler's work and reply, idle. Nothing a message holds ends the loop.
/// </summary>
internal sealed class RequestLoop(
    string channel, RouterSocket socket, MessageCodec codec, IoPub ioPub, KernelLog log,
    IReadOnlyDictionary<string, Func<Request, Task>> handlers)
{
    // The last message to be aborted of each client, by its session.
    private readonly Dictionary<string, long> _abortThrough = [];

    /// <summary>
    /// From here on, execute requests of this client that have come already are answered <c>aborted</c> (after the failed one's idle, as
    /// they come later in the queue). Those of other clients, whose cells did not fail, run.
    /// </summary>
    public void AbortQueued(string session) => _abortThrough[session] = socket.LastOrder;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (await socket.ReceiveAsync(stopping).ConfigureAwait(false) is { } received)
        {
            if (codec.Decode(received.Frames, out var problem) is not { } message)
            {
                log.Warn($"{channel}: dropped a message from {received.From.Peer}: {problem}");
                continue;
            }

            var request = new Request(message, received, socket, codec);
            ioPub.Status("busy", message.Header);
            try
            {
                if (message.Type == "execute_request" && received.Order <= _abortThrough.GetValueOrDefault(message.Header.Session, -1))
                    request.Reply(Failure("aborted", "Aborted", "A cell before this one failed."));
                else if (handlers.TryGetValue(message.Type, out Func<Request, Task>? handler))
                    await handler(request).ConfigureAwait(false);
                else
                    Unknown(request);
            }
            catch (Exception e)
            {
                log.Warn($"{channel}: handling {message.Type} failed: {e}");
                if (message.Type.EndsWith("_request", StringComparison.Ordinal))
                    request.Reply(Failure("error", e.GetType().FullName!, $"The kernel could not handle this request: {e.Message}"));
            }

            ioPub.Status("idle", message.Header);
        }
    }

    /// <summary>The content of a reply that says what went wrong.</summary>
    public static JsonObject Failure(string status, string name, string why) => new()
    {
        ["status"] = status,
        ["ename"] = name,
        ["evalue"] = why,
        ["traceback"] = new JsonArray(why),
    };

    private void Unknown(Request request)
    {
        log.Warn($"{channel}: {request.From.Peer} sent a message of the unknown type '{request.Message.Type}'");
        if (request.Message.Type.EndsWith("_request", StringComparison.Ordinal))
            request.Reply(
                Failure("error", "UnknownMessage", $"This kernel does not know '{request.Message.Type}' on the {channel} channel."));
    }
}
