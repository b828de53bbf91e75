using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Mezcla.Kernel.Zmtp;

/// <summary>A message, the connection it came by, and its number in the order of arrival.</summary>
internal readonly record struct Received(ZmtpConnection From, ReadOnlyMemory<byte>[] Frames, long Order);

/// <summary>
/// The socket of the shell, control and stdin channels. Messages wait in one queue in the order they came; each peer has its own
/// allowance in it, so that one that floods fills its allowance, is no longer read from, and feels that through TCP.
/// </summary>
internal sealed class RouterSocket(ZmtpLimits limits, KernelLog log) : ZmtpServer(SocketKind.Router, limits, log)
{
    private readonly Channel<Received> _queue = Channel.CreateUnbounded<Received>();
    private readonly ConditionalWeakTable<ZmtpConnection, Allowance> _allowances = [];
    private readonly ConditionalWeakTable<ZmtpConnection, object> _stalled = [];
    private long _order;

    /// <summary>The number of the message that came last.</summary>
    public long LastOrder => Interlocked.Read(ref _order);

    /// <summary>The next message, or null once the socket has stopped.</summary>
    public async ValueTask<Received?> ReceiveAsync(CancellationToken cancel)
    {
        try
        {
            return Release(await _queue.Reader.ReadAsync(cancel).ConfigureAwait(false));
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>A message that has come already, if there is one.</summary>
    public bool TryReceive(out Received message)
    {
        if (!_queue.Reader.TryRead(out message))
            return false;
        Release(message);
        return true;
    }

    /// <summary>
    /// Sends to one peer. For a peer that has left or lets its messages pile up nothing is sent: it hears nothing more until it has
    /// read what waits for it.
    /// </summary>
    /// <returns>Whether the message was queued.</returns>
    public bool Send(ZmtpConnection to, params ReadOnlySpan<ReadOnlyMemory<byte>> frames)
    {
        if (to.IsClosed)
            return false;
        if (to.IsFull)
        {
            if (_stalled.TryAdd(to, to))
                Log.Warn($"ROUTER: {to.Peer} does not read its replies; dropping further ones until it does");
            return false;
        }

        _stalled.Remove(to);
        to.Send(frames);
        return true;
    }

    /// <summary>The newest connection whose peer announced this identity; stdin finds the asking client so.</summary>
    public ZmtpConnection? Find(ReadOnlySpan<byte> identity)
    {
        foreach (ZmtpConnection connection in Connections.Reverse())
        {
            if (connection.Identity.AsSpan().SequenceEqual(identity))
                return connection;
        }

        return null;
    }

    protected override async ValueTask OnMessageAsync(ZmtpConnection from, ReadOnlyMemory<byte>[] frames, CancellationToken cancel)
    {
        Allowance allowance = _allowances.GetValue(from, _ => new Allowance(Limits));
        allowance.Enter(Bytes(frames));
        _queue.Writer.TryWrite(new Received(from, frames, Interlocked.Increment(ref _order)));
        await allowance.WaitForRoomAsync(cancel).ConfigureAwait(false);
    }

    private Received Release(Received message)
    {
        if (_allowances.TryGetValue(message.From, out Allowance? allowance))
            allowance.Leave(Bytes(message.Frames));
        return message;
    }

    private static long Bytes(ReadOnlyMemory<byte>[] frames)
    {
        long bytes = 0;
        foreach (ReadOnlyMemory<byte> frame in frames)
            bytes += frame.Length;
        return bytes;
    }

    /// <summary>How much of one peer's waits to be handled.</summary>
    private sealed class Allowance(ZmtpLimits limits)
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource? _waiter;
        private int _messages;
        private long _bytes;

        private bool HasRoom => _messages < limits.InboundMessages && _bytes < limits.InboundBytes;

        public void Enter(long bytes)
        {
            lock (_lock)
            {
                _messages++;
                _bytes += bytes;
            }
        }

        public void Leave(long bytes)
        {
            lock (_lock)
            {
                _messages--;
                _bytes -= bytes;
                if (HasRoom)
                {
                    _waiter?.TrySetResult();
                    _waiter = null;
                }
            }
        }

        public Task WaitForRoomAsync(CancellationToken cancel)
        {
            lock (_lock)
            {
                if (HasRoom)
                    return Task.CompletedTask;
                _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _waiter.Task.WaitAsync(cancel);
            }
        }
    }
}
