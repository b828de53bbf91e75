using System.Net;
using System.Net.Sockets;

namespace Mezcla.Kernel.Zmtp;

/// <summary>
/// A bound socket: it accepts peers, performs the handshake and reads their
/// messages. An error of one peer ends only that peer's connection.
/// </summary>
internal abstract class ZmtpServer(SocketKind kind, ZmtpLimits limits, KernelLog log) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly List<ZmtpConnection> _connections = [];
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _peers;

    protected ZmtpLimits Limits { get; } = limits;

    protected KernelLog Log { get; } = log;

    /// <summary>The bound address, with the port that the system chose if 0 was asked for.</summary>
    public EndPoint LocalEndPoint => _listener!.LocalEndPoint!;

    /// <summary>The open connections, the newest last.</summary>
    public ZmtpConnection[] Connections
    {
        get
        {
            lock (_lock)
                return [.. _connections];
        }
    }

    /// <summary>Binds and listens. No peer is accepted before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address is in use or does not belong to this machine.</exception>
    public void Bind(EndPoint endPoint)
    {
        ProtocolType protocol = endPoint is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        try
        {
            // .NET itself sets SO_REUSEADDR, which a restarted kernel needs because it gets the same ports. Setting it here would also
            // set SO_REUSEPORT, and then two kernels could share a port.
            socket.Bind(endPoint);
            socket.Listen(128);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _listener = socket;
    }

    /// <summary>Begins to accept peers.</summary>
    public void Start() => _accepting = Task.Run(AcceptLoopAsync, CancellationToken.None);

    /// <summary>Stops accepting peers, sends pending messages for at most
    /// <paramref name="linger"/>, and closes all connections.</summary>
    public async Task StopAsync(TimeSpan linger)
    {
        _listener?.Dispose();
        await Task.WhenAll(Connections.Select(c => c.CloseAsync(linger))).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    /// <summary>Called when a message arrives. Nothing more is read from this peer until the task completes.</summary>
    protected abstract ValueTask OnMessageAsync(ZmtpConnection from, ReadOnlyMemory<byte>[] frames, CancellationToken cancel);

    private async Task AcceptLoopAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await _listener!.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (Interlocked.Increment(ref _peers) > Limits.Peers)
                {
                    Interlocked.Decrement(ref _peers);
                    Log.Warn($"{ZmtpProtocol.Name(kind)}: refused a connection, {Limits.Peers} are open");
                    socket.Dispose();
                    continue;
                }

                _ = Task.Run(() => ServeAsync(socket), CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_stopping.IsCancellationRequested || e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
                    return;

                // For instance, the process is out of file handles. This ends when other connections close theirs.
                Log.Warn($"{ZmtpProtocol.Name(kind)}: cannot accept a connection: {e.Message}");
                await Task.Delay(200).ConfigureAwait(false);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        ZmtpConnection? connection = null;
        try
        {
            connection = await ZmtpConnection.OpenAsync(socket, kind, default, Limits, _stopping.Token).ConfigureAwait(false);
            lock (_lock)
                _connections.Add(connection);
            Log.Detail($"{ZmtpProtocol.Name(kind)}: {connection.Peer} connected");
            while (await connection.ReceiveAsync(_stopping.Token).ConfigureAwait(false) is { } frames)
                await OnMessageAsync(connection, frames, _stopping.Token).ConfigureAwait(false);
            Log.Detail($"{ZmtpProtocol.Name(kind)}: {connection.Peer} left");
        }
        catch (ZmtpException e)
        {
            Log.Warn($"{ZmtpProtocol.Name(kind)}: closed {connection?.Peer ?? "a connection"}: {e.Message}");
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            Log.Warn($"{ZmtpProtocol.Name(kind)}: closed a connection that did not shake hands within {Limits.Handshake.TotalSeconds} s");
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Log.Detail($"{ZmtpProtocol.Name(kind)}: {connection?.Peer ?? "a peer"} vanished: {e.Message}");
        }
        catch (Exception e)
        {
            Log.Warn($"{ZmtpProtocol.Name(kind)}: closed {connection?.Peer ?? "a connection"} after an internal error: {e}");
        }
        finally
        {
            Interlocked.Decrement(ref _peers);
            if (connection is not null)
            {
                lock (_lock)
                    _connections.Remove(connection);
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
