using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Server;

/// <summary>One request on shell or control, and where its replies go.</summary>
internal sealed class Request(JupyterMessage message, Received received, RouterSocket socket, MessageCodec codec)
{
    private bool _answered;

    public JupyterMessage Message => message;

    public ZmtpConnection From => received.From;

    /// <summary>Sends the reply; a second one is not sent.</summary>
    public void Reply(JsonObject content, JsonObject? metadata = null)
    {
        if (_answered)
            return;
        _answered = true;
        var type = message.Type.EndsWith("_request", StringComparison.Ordinal) ? message.Type[..^"_request".Length] : message.Type;
        socket.Send(received.From, codec.Encode([], type + "_reply", message.Header, content, metadata));
    }
}
