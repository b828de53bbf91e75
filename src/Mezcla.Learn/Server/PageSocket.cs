using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Mezcla.Learn.Work;

namespace Mezcla.Learn.Server;

/// <summary>The connection of one page: what it asks for is carried out in its order, what it is told is sent in its order.</summary>
internal static class PageSocket
{
    // A chapter's longest cell has some thousand characters; a text far longer is a mistake or an attack.
    private const int LongestMessage = 4 << 20;

    public static async Task ServeAsync(WebSocket socket, ChapterWork work, CancellationToken cancellation)
    {
        // A page that reads too slowly is let go, and makes itself anew when it comes back.
        var messages = Channel.CreateBounded<JsonObject>(new BoundedChannelOptions(4096));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var place = work.Join(Tell);
        var sending = Send(socket, messages.Reader, stop.Token);
        try
        {
            while (await Receive(socket, stop.Token).ConfigureAwait(false) is { } text)
            {
                JsonNode? message = null;
                try
                {
                    message = JsonNode.Parse(text);
                }
                catch (JsonException)
                {
                    // Not from our page: nothing to carry out.
                }
                if (message is JsonObject asked)
                    work.Take(asked, Tell);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The page was closed.
        }
        await stop.CancelAsync().ConfigureAwait(false);
        await sending.ConfigureAwait(false);

        void Tell(JsonObject message)
        {
            if (!messages.Writer.TryWrite(message))
                stop.Cancel();
        }
    }

    private static async Task<string?> Receive(WebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[16 << 10];
        using var text = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, cancellation).ConfigureAwait(false);
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            text.Write(buffer, 0, part.Count);
            if (text.Length > LongestMessage)
                return null;
            if (part.EndOfMessage)
                return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
    }

    private static async Task Send(WebSocket socket, ChannelReader<JsonObject> messages, CancellationToken cancellation)
    {
        try
        {
            await foreach (var message in messages.ReadAllAsync(cancellation).ConfigureAwait(false))
                await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, cancellation)
                    .ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The page was closed.
        }
    }
}
