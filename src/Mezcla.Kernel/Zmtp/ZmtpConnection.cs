using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Mezcla.Kernel.Zmtp;

/// <summary>
/// One peer after its handshake: messages in, messages out. Sending never blocks: messages wait in a queue whose size can be asked,
/// and what to do about a peer that takes nothing is the socket's decision.
/// </summary>
internal sealed class ZmtpConnection : IAsyncDisposable
{
    private const int Chunk = 256 << 10;

    private readonly Stream _stream;
    private readonly FrameReader _reader;
    private readonly ZmtpLimits _limits;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<OutboundFrame[]> _outbound =
        Channel.CreateUnbounded<OutboundFrame[]>(new UnboundedChannelOptions { SingleReader = true });
    private Task _writing = Task.CompletedTask;
    private long _pending;
    private long _sent;

    private ZmtpConnection(Stream stream, string peer, ZmtpLimits limits)
    {
        _stream = stream;
        _limits = limits;
        _reader = new FrameReader(stream, limits);
        Peer = peer;
    }

    /// <summary>The peer's address, for the log.</summary>
    public string Peer { get; }

    /// <summary>The identity the peer announced; empty if it announced none.</summary>
    public byte[] Identity { get; private set; } = [];

    /// <summary>What kind of socket the peer is.</summary>
    public SocketKind PeerKind { get; private set; }

    /// <summary>More bytes wait for this peer than it is allowed.</summary>
    public bool IsFull => Interlocked.Read(ref _pending) > _limits.OutboundBytes;

    /// <summary>Bytes the peer has taken so far; what does not grow while <see cref="IsFull"/> is a stalled peer.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>The connection is over, for whichever reason.</summary>
    public bool IsClosed => _closing.IsCancellationRequested;

    /// <summary>Greets the peer, exchanges READY commands and starts the connection.</summary>
    /// <exception cref="ZmtpException">The peer does not speak ZMTP 3 with the NULL mechanism, or
    /// is a socket that does not fit <paramref name="mine"/>.</exception>
    /// <exception cref="OperationCanceledException">It took longer than <see cref="ZmtpLimits.Handshake"/>.</exception>
    public static async Task<ZmtpConnection> OpenAsync(
        Socket socket, SocketKind mine, ReadOnlyMemory<byte> identity, ZmtpLimits limits, CancellationToken cancel)
    {
        if (socket.ProtocolType == ProtocolType.Tcp)
            socket.NoDelay = true;
        var connection = new ZmtpConnection(new NetworkStream(socket, ownsSocket: true), Describe(socket), limits);
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timeout.CancelAfter(limits.Handshake);
            await connection.HandshakeAsync(mine, identity, timeout.Token).ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        connection._writing = Task.Run(connection.WriteLoopAsync, CancellationToken.None);
        return connection;
    }

    /// <summary>
    /// The next message, or null where the peer closed. Subscriptions sent as commands (ZMTP 3.1) come as the messages that ZMTP 3.0
    /// has for them: a byte 1 (subscribe) or 0 (cancel), then the topic.
    /// </summary>
    /// <exception cref="ZmtpException">The peer broke the protocol.</exception>
    public async ValueTask<ReadOnlyMemory<byte>[]?> ReceiveAsync(CancellationToken cancel)
    {
        var frames = new List<ReadOnlyMemory<byte>>();
        var room = _limits.MessageBytes;
        while (true)
        {
            ZmtpFrame? read = await _reader.ReadFrameAsync(room, cancel).ConfigureAwait(false);
            if (read is not { } frame)
                return frames.Count == 0 ? null : throw new ZmtpException("the peer closed in the middle of a message");
            if (frame.Command)
            {
                if (frames.Count > 0)
                    throw new ZmtpException("a command in the middle of a message");
                if (Command(frame.Body) is { } message)
                    return [message];
                continue;
            }

            frames.Add(frame.Body);
            room -= frame.Body.Length;
            if (frames.Count > _limits.MessageFrames)
                throw new ZmtpException($"a message of more than {_limits.MessageFrames} frames");
            if (!frame.More)
                return [.. frames];
        }
    }

    /// <summary>Queues a message; it goes out in the order of the calls. Does nothing once the connection is closed.</summary>
    public void Send(params ReadOnlySpan<ReadOnlyMemory<byte>> frames)
    {
        var message = new OutboundFrame[frames.Length];
        long bytes = 0;
        for (var i = 0; i < frames.Length; i++)
        {
            var flags = i + 1 < frames.Length ? ZmtpProtocol.FlagMore : (byte)0;
            message[i] = new OutboundFrame(flags, frames[i]);
            bytes += message[i].Cost;
        }

        Queue(message, bytes);
    }

    /// <summary>Sends what is queued, for at most <paramref name="linger"/>, then closes.</summary>
    public async Task CloseAsync(TimeSpan linger)
    {
        _outbound.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(linger)).ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _outbound.Writer.TryComplete();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    private void Queue(OutboundFrame[] message, long bytes)
    {
        Interlocked.Add(ref _pending, bytes);
        _outbound.Writer.TryWrite(message);
    }

    private async Task HandshakeAsync(SocketKind mine, ReadOnlyMemory<byte> identity, CancellationToken cancel)
    {
        await _stream.WriteAsync(ZmtpProtocol.Greeting(), cancel).ConfigureAwait(false);
        var greeting = new byte[ZmtpProtocol.GreetingLength];

        // The signature first: a peer that speaks something else may never send the rest.
        if (!await _reader.ReadExactlyAsync(greeting.AsMemory(0, 11), cancel).ConfigureAwait(false))
            throw new ZmtpException("the peer closed before its greeting");
        if (greeting[10] >= 3 && !await _reader.ReadExactlyAsync(greeting.AsMemory(11), cancel).ConfigureAwait(false))
            throw new ZmtpException("the peer closed in its greeting");
        ZmtpProtocol.CheckGreeting(greeting);

        await WriteCommandAsync(ZmtpProtocol.Ready(mine, identity.Span), cancel).ConfigureAwait(false);
        ZmtpFrame? frame = await _reader.ReadFrameAsync(64 << 10, cancel).ConfigureAwait(false);
        if (frame is not { Command: true } command)
            throw new ZmtpException("the peer sent no READY command");
        var name = ZmtpProtocol.CommandName(command.Body, out ReadOnlyMemory<byte> properties);
        if (name != "READY")
            throw new ZmtpException($"the peer sent {name} where READY was due");
        (PeerKind, Identity) = ZmtpProtocol.ParseReady(properties.Span);
        if (Identity.Length > 255)
            throw new ZmtpException("an identity longer than 255 bytes");
        if (!ZmtpProtocol.Fits(mine, PeerKind))
        {
            var reason = $"a {ZmtpProtocol.Name(PeerKind)} socket cannot talk to a {ZmtpProtocol.Name(mine)} socket";
            await WriteCommandAsync(ZmtpProtocol.Error(reason), cancel).ConfigureAwait(false);
            throw new ZmtpException(reason);
        }
    }

    private async Task WriteCommandAsync(byte[] body, CancellationToken cancel)
    {
        var frame = new byte[9 + body.Length];
        var header = ZmtpProtocol.WriteHeader(frame, ZmtpProtocol.FlagCommand, body.Length);
        body.CopyTo(frame.AsSpan(header));
        await _stream.WriteAsync(frame.AsMemory(0, header + body.Length), cancel).ConfigureAwait(false);
    }

    private ReadOnlyMemory<byte>? Command(ReadOnlyMemory<byte> body)
    {
        var name = ZmtpProtocol.CommandName(body, out ReadOnlyMemory<byte> rest);
        switch (name)
        {
            case "SUBSCRIBE":
                return (byte[])[1, .. rest.Span];
            case "CANCEL":
                return (byte[])[0, .. rest.Span];
            case "PING":
                // Two bytes of time to live, then a context of at most 16 bytes that the answer repeats. A peer that asks without
                // listening to the answers gets none.
                if (rest.Length >= 2 && !IsFull)
                {
                    var pong = new OutboundFrame(ZmtpProtocol.FlagCommand,
                        (byte[])[.. "\x04PONG"u8, .. rest.Span[2..Math.Min(rest.Length, 18)]]);
                    Queue([pong], pong.Cost);
                }

                return null;
            case "ERROR":
                throw new ZmtpException($"the peer reports the error {Encoding.ASCII.GetString(rest.Span[Math.Min(1, rest.Length)..])}");
            default:
                return null;
        }
    }

    private async Task WriteLoopAsync()
    {
        var buffer = new byte[64 << 10];
        var used = 0;
        long cost = 0;
        try
        {
            while (await _outbound.Reader.WaitToReadAsync(_closing.Token).ConfigureAwait(false))
            {
                while (_outbound.Reader.TryRead(out OutboundFrame[]? message))
                {
                    foreach (OutboundFrame frame in message)
                    {
                        if (used + 9 > buffer.Length)
                            await FlushAsync().ConfigureAwait(false);
                        used += ZmtpProtocol.WriteHeader(buffer.AsSpan(used), frame.Flags, frame.Body.Length);
                        cost += OutboundFrame.Overhead;
                        if (frame.Body.Length <= buffer.Length - used)
                        {
                            frame.Body.CopyTo(buffer.AsMemory(used));
                            used += frame.Body.Length;
                            cost += frame.Body.Length;
                            continue;
                        }

                        await FlushAsync().ConfigureAwait(false);
                        for (var at = 0; at < frame.Body.Length; at += Chunk)
                        {
                            ReadOnlyMemory<byte> part = frame.Body.Slice(at, Math.Min(Chunk, frame.Body.Length - at));
                            await _stream.WriteAsync(part, _closing.Token).ConfigureAwait(false);
                            CountReceived(part.Length);
                        }
                    }
                }

                await FlushAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer has gone. Closing makes the reading side notice too, and it is the one that says so.
            await DisposeAsync().ConfigureAwait(false);
        }

        async ValueTask FlushAsync()
        {
            if (used > 0)
                await _stream.WriteAsync(buffer.AsMemory(0, used), _closing.Token).ConfigureAwait(false);
            CountReceived(cost);
            used = 0;
            cost = 0;
        }
    }

    private void CountReceived(long bytes)
    {
        Interlocked.Add(ref _pending, -bytes);
        Interlocked.Add(ref _sent, bytes);
    }

    private static string Describe(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint is { } end && end.ToString() is { Length: > 0 } text ? text : "a local peer";
        }
        catch (SocketException)
        {
            return "a peer that has gone";
        }
    }

    private readonly record struct OutboundFrame(byte Flags, ReadOnlyMemory<byte> Body)
    {
        /// <summary>What a frame costs beside its body: its header and the objects that hold it.</summary>
        public const int Overhead = 64;

        public long Cost => Overhead + Body.Length;
    }
}
