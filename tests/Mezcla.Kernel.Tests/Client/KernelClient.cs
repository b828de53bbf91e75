using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests.Client;

/// <summary>A front end on this side's own ZMTP: DEALER sockets for shell, control
/// and stdin, SUB for iopub, REQ for the heartbeat.</summary>
internal sealed class KernelClient : IAsyncDisposable
{
    private readonly ConnectionFile _connection;
    private readonly ConcurrentQueue<JupyterMessage> _iopub = new();
    private readonly SemaphoreSlim _iopubCame = new(0);
    private readonly CancellationTokenSource _stop = new();

    private KernelClient(ConnectionFile connection)
    {
        _connection = connection;
        Codec = new MessageCodec(connection.Key, connection.SignatureScheme);
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    public MessageCodec Codec { get; }

    public ZmtpConnection Shell { get; private set; } = null!;

    public ZmtpConnection Control { get; private set; } = null!;

    public ZmtpConnection Stdin { get; private set; } = null!;

    public ZmtpConnection IoPub { get; private set; } = null!;

    public static async Task<KernelClient> ConnectAsync(ConnectionFile connection)
    {
        var client = new KernelClient(connection);
        var identity = System.Text.Encoding.ASCII.GetBytes(client.Codec.Session);
        client.Shell = await OpenAsync(connection, connection.ShellPort, SocketKind.Dealer, identity);
        client.Control = await OpenAsync(connection, connection.ControlPort, SocketKind.Dealer, identity);
        client.Stdin = await OpenAsync(connection, connection.StdinPort, SocketKind.Dealer, identity);
        client.IoPub = await OpenAsync(connection, connection.IoPubPort, SocketKind.Sub, []);
        client.IoPub.Send(new byte[] { 1 });
        _ = client.PumpAsync();
        JupyterMessage welcome = await client.IoPubAsync();
        Assert.Equal("iopub_welcome", welcome.Type);
        return client;
    }

    public static async Task<ZmtpConnection> OpenAsync(ConnectionFile connection, int port, SocketKind kind, byte[] identity) =>
        await ZmtpConnection.OpenAsync(await SocketAsync(connection, port), kind, identity, new ZmtpLimits(), CancellationToken.None);

    public static async Task<Socket> SocketAsync(ConnectionFile connection, int port)
    {
        System.Net.EndPoint end = connection.EndPoint(port);
        var socket = new Socket(end.AddressFamily, SocketType.Stream,
            end is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
        await socket.ConnectAsync(end);
        return socket;
    }

    /// <summary>Sends a request on shell and returns its message id.</summary>
    public string Send(string type, JsonObject content, ZmtpConnection? on = null, IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        ReadOnlyMemory<byte>[] frames = Codec.Encode([], type, MessageHeader.None, content, null, buffers);
        (on ?? Shell).Send(frames);
        return JsonNode.Parse(frames[2].Span)!["msg_id"]!.GetValue<string>();
    }

    public async Task<JupyterMessage> ReceiveAsync(ZmtpConnection from)
    {
        using var timeout = new CancellationTokenSource(Patience);
        ReadOnlyMemory<byte>[]? frames = await from.ReceiveAsync(timeout.Token);
        Assert.NotNull(frames);
        return Codec.Decode(frames, out var problem) ?? throw new InvalidOperationException(problem);
    }

    /// <summary>Sends and waits for the reply on the same channel.</summary>
    public async Task<JupyterMessage> AskAsync(string type, JsonObject content, ZmtpConnection? on = null)
    {
        var id = Send(type, content, on);
        JupyterMessage reply = await ReceiveAsync(on ?? Shell);
        Assert.Equal(id, Parent(reply));
        return reply;
    }

    /// <summary>Executes a cell; its reply, and what iopub said of it up to idle.</summary>
    public async Task<(JupyterMessage Reply, List<JupyterMessage> Published)> ExecuteAsync(string code, JsonObject? more = null)
    {
        JsonObject content = Code(code, more);
        var id = Send("execute_request", content);
        JupyterMessage reply = await ReceiveAsync(Shell);
        Assert.Equal("execute_reply", reply.Type);
        return (reply, await PublishedAsync(id));
    }

    public static JsonObject Code(string code, JsonObject? more = null)
    {
        var content = new JsonObject { ["code"] = code, ["allow_stdin"] = false };
        foreach (var (name, value) in more ?? [])
            content[name] = value?.DeepClone();
        return content;
    }

    /// <summary>What iopub says of a request, up to its idle.</summary>
    public async Task<List<JupyterMessage>> PublishedAsync(string id)
    {
        var all = new List<JupyterMessage>();
        while (true)
        {
            JupyterMessage message = await IoPubAsync();
            if (Parent(message) != id)
                continue;
            all.Add(message);
            if (message.Type == "status" && message.Text("execution_state") == "idle")
                return all;
        }
    }

    public async Task<JupyterMessage> IoPubAsync()
    {
        Assert.True(await _iopubCame.WaitAsync(Patience), "nothing came on iopub");
        Assert.True(_iopub.TryDequeue(out JupyterMessage? message));
        return message;
    }

    public static string Parent(JupyterMessage message) =>
        message.ParentHeader.TryGetProperty("msg_id", out JsonElement id) ? id.GetString()! : "";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (ZmtpConnection connection in new[] { Shell, Control, Stdin, IoPub })
            await connection.DisposeAsync();
    }

    private async Task PumpAsync()
    {
        try
        {
            while (await IoPub.ReceiveAsync(_stop.Token) is { } frames)
            {
                _iopub.Enqueue(Codec.Decode(frames, out var problem) ?? throw new InvalidOperationException(problem));
                _iopubCame.Release();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
