using System.Net;
using System.Net.Sockets;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Channels;

/// <summary>The sockets of the five channels, bound where the connection file says.</summary>
internal sealed class KernelSockets : IAsyncDisposable
{
    private readonly List<string> _socketFiles = [];

    /// <exception cref="IOException">An address is taken or not this machine's; the message says which channel's.</exception>
    /// <exception cref="FormatException">The connection file asks for a transport that does not exist.</exception>
    public KernelSockets(ConnectionFile connection, ZmtpLimits limits, KernelLog log)
    {
        Shell = new RouterSocket(limits, log);
        Control = new RouterSocket(limits, log);
        Stdin = new RouterSocket(limits, log);
        IoPub = new PublisherSocket(limits, log);
        Heartbeat = new EchoSocket(limits, log);
        Connection = connection with
        {
            ShellPort = Bind(Shell, connection, connection.ShellPort, "shell"),
            ControlPort = Bind(Control, connection, connection.ControlPort, "control"),
            StdinPort = Bind(Stdin, connection, connection.StdinPort, "stdin"),
            IoPubPort = Bind(IoPub, connection, connection.IoPubPort, "iopub"),
            HeartbeatPort = Bind(Heartbeat, connection, connection.HeartbeatPort, "heartbeat"),
        };
    }

    /// <summary>The connection file with the ports that the system chose where it said 0.</summary>
    public ConnectionFile Connection { get; }

    public RouterSocket Shell { get; }

    public RouterSocket Control { get; }

    public RouterSocket Stdin { get; }

    public PublisherSocket IoPub { get; }

    public EchoSocket Heartbeat { get; }

    private ZmtpServer[] All => [Heartbeat, IoPub, Stdin, Control, Shell];

    /// <summary>Begins to accept clients on every channel.</summary>
    public void Start()
    {
        foreach (ZmtpServer socket in All)
            socket.Start();
    }

    /// <summary>Sends what waits, for at most <paramref name="linger"/>, and closes.</summary>
    public async Task StopAsync(TimeSpan linger)
    {
        await Task.WhenAll(All.Select(s => s.StopAsync(linger))).ConfigureAwait(false);
        foreach (var file in _socketFiles)
            File.Delete(file);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero).ConfigureAwait(false);

    private int Bind(ZmtpServer socket, ConnectionFile connection, int port, string channel)
    {
        try
        {
            EndPoint endPoint = connection.EndPoint(port);
            if (endPoint is UnixDomainSocketEndPoint)
            {
                // What a kernel before this one left behind; where one still listens, the path is taken from it as in ZeroMQ.
                File.Delete(endPoint.ToString()!);
                _socketFiles.Add(endPoint.ToString()!);
            }

            socket.Bind(endPoint);
            return socket.LocalEndPoint is IPEndPoint bound ? bound.Port : port;
        }
        catch (SocketException e)
        {
            throw new IOException(
                $"Cannot listen for the {channel} channel on {connection.Ip}:{port}: {e.Message}. Is another kernel using this " +
                    "connection file?", e);
        }
    }
}
