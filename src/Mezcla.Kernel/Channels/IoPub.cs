using System.Text;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;

namespace Mezcla.Kernel.Channels;

/// <summary>
/// Publishes the kernel's messages to all clients on the iopub channel. Messages go out in the order of the calls, from any thread.
/// Messages with a cell's output wait for slow clients; other messages do not.
/// </summary>
internal sealed class IoPub
{
    private readonly PublisherSocket _socket;
    private readonly MessageCodec _codec;
    private readonly CancellationToken _stopping;
    private readonly LibraryDelivery _libraries;
    private readonly Lock _lock = new();

    public IoPub(PublisherSocket socket, MessageCodec codec, LibraryDelivery libraries, CancellationToken stopping)
    {
        _libraries = libraries;
        _socket = socket;
        _codec = codec;
        _stopping = stopping;
        socket.Subscribed = Welcome;
    }

    public void Status(string state, MessageHeader parent) =>
        Send("status", parent, new JsonObject { ["execution_state"] = state });

    public void ExecuteInput(MessageHeader parent, string code, int count) =>
        Send("execute_input", parent, new JsonObject { ["code"] = code, ["execution_count"] = count });

    public void Stream(MessageHeader parent, OutputStream stream, string text)
    {
        WaitForRoom();
        Send("stream", parent, new JsonObject { ["name"] = stream == OutputStream.Error ? "stderr" : "stdout", ["text"] = text });
    }

    public void DisplayData(MessageHeader parent, MimeBundle bundle, string? displayId)
    {
        WaitForRoom();
        Send("display_data", parent, DisplayContent(bundle, displayId));
    }

    public void UpdateDisplayData(MessageHeader parent, MimeBundle bundle, string displayId)
    {
        WaitForRoom();
        Send("update_display_data", parent, DisplayContent(bundle, displayId));
    }

    public void ExecuteResult(MessageHeader parent, MimeBundle bundle, int count)
    {
        WaitForRoom();
        JsonObject content = DisplayContent(bundle, null);
        content["execution_count"] = count;
        Send("execute_result", parent, content);
    }

    public void ClearOutput(MessageHeader parent, bool wait) => Send("clear_output", parent, new JsonObject { ["wait"] = wait });

    public void Error(MessageHeader parent, CellError error) => Send("error", parent, ErrorContent(error));

    /// <summary>Publishes a message of any other type.</summary>
    public void Send(
        string type, MessageHeader parent, JsonObject content, JsonObject? metadata = null,
        IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        ReadOnlyMemory<byte>[] frames = _codec.Encode([Encoding.ASCII.GetBytes(type)], type, parent, content, metadata, buffers);
        lock (_lock)
            _socket.Publish(frames);
    }

    /// <summary>The content that <c>error</c> messages and replies with the status <c>error</c> share.</summary>
    public static JsonObject ErrorContent(CellError error) => new()
    {
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
    };

    private JsonObject DisplayContent(MimeBundle bundle, string? displayId)
    {
        bundle = _libraries.Add(bundle);
        var content = new JsonObject { ["data"] = bundle.ToJson(), ["metadata"] = bundle.Metadata.DeepClone() };
        if (displayId is not null)
            content["transient"] = new JsonObject { ["display_id"] = displayId };
        return content;
    }

    private void WaitForRoom()
    {
        try
        {
            _socket.WaitForRoom(_stopping);
        }
        catch (OperationCanceledException)
        {
            // The kernel is shutting down. The message is sent if there is room, but nothing waits any more.
        }
    }

    // Tells a client that its subscription is active, so that it need not probe for it (protocol 5.4).
    private void Welcome(ZmtpConnection connection, ReadOnlyMemory<byte> topic)
    {
        ReadOnlyMemory<byte>[] frames = _codec.Encode(
            [topic], "iopub_welcome", MessageHeader.None, new JsonObject { ["subscription"] = Encoding.UTF8.GetString(topic.Span) });
        lock (_lock)
            connection.Send(frames);
    }
}
