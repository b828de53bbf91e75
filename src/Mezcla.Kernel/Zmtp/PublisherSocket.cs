using System.Runtime.CompilerServices;

namespace Mezcla.Kernel.Zmtp;

/// <summary>
/// The socket of the iopub channel: every message goes to every subscriber of its topic. A subscriber that is merely slow slows the
/// publisher that asks for room (<see cref="WaitForRoom"/>) and loses nothing; one that takes nothing for <see cref="ZmtpLimits.Stall"/>
/// is left behind, and hears again once it reads.
/// </summary>
internal sealed class PublisherSocket(ZmtpLimits limits, KernelLog log) : ZmtpServer(SocketKind.XPub, limits, log)
{
    private const int MostTopics = 1000;
    private readonly ConditionalWeakTable<ZmtpConnection, Subscriber> _subscribers = [];

    /// <summary>Called when a connection subscribes to a topic, before anything is published to it.</summary>
    public Action<ZmtpConnection, ReadOnlyMemory<byte>>? Subscribed { get; set; }

    /// <summary>Sends to all who subscribed to a prefix of the first frame. Never blocks.</summary>
    public void Publish(params ReadOnlySpan<ReadOnlyMemory<byte>> frames)
    {
        foreach (ZmtpConnection connection in Connections)
        {
            Subscriber subscriber = Of(connection);
            if (!subscriber.Wants(frames[0].Span))
                continue;
            if (connection.IsFull && subscriber.IsStalled(connection))
                continue;
            connection.Send(frames);
        }
    }

    /// <summary>
    /// Waits until no subscriber has more waiting than it is allowed, or those that have were given up. Whoever is about to publish
    /// much calls it first, holding no lock.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> asked to stop.</exception>
    public void WaitForRoom(CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var wait = false;
            foreach (ZmtpConnection connection in Connections)
            {
                if (!connection.IsFull || connection.IsClosed)
                    continue;
                Subscriber subscriber = Of(connection);
                var was = subscriber.IsStalled(connection);
                var gaveUp = subscriber.Watch(connection, Limits.Stall);
                if (gaveUp && !was)
                    Log.Warn($"XPUB: {connection.Peer} does not read its messages; dropping further ones until it does");
                wait |= !gaveUp;
            }

            if (!wait)
                return;
            cancel.WaitHandle.WaitOne(10);
        }
    }

    protected override ValueTask OnMessageAsync(ZmtpConnection from, ReadOnlyMemory<byte>[] frames, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> message = frames[0];
        if (frames.Length == 1 && message.Length > 0 && message.Span[0] <= 1)
        {
            if (message.Span[0] == 0)
                Of(from).Remove(message[1..]);
            else if (!Of(from).Add(message[1..], MostTopics))
                throw new ZmtpException($"more than {MostTopics} subscriptions");
            else
                Subscribed?.Invoke(from, message[1..]);
        }

        return ValueTask.CompletedTask;
    }

    private Subscriber Of(ZmtpConnection connection) => _subscribers.GetValue(connection, _ => new Subscriber());

    private sealed class Subscriber
    {
        private readonly Lock _lock = new();
        private readonly List<ReadOnlyMemory<byte>> _topics = [];
        private long _sentWhenFull = -1;
        private long _fullSince;
        private bool _stalled;

        public bool Add(ReadOnlyMemory<byte> topic, int most)
        {
            lock (_lock)
            {
                if (_topics.Count >= most)
                    return false;
                _topics.Add(topic);
                return true;
            }
        }

        public void Remove(ReadOnlyMemory<byte> topic)
        {
            lock (_lock)
            {
                var at = _topics.FindIndex(t => t.Span.SequenceEqual(topic.Span));
                if (at >= 0)
                    _topics.RemoveAt(at);
            }
        }

        public bool Wants(ReadOnlySpan<byte> topic)
        {
            lock (_lock)
            {
                foreach (ReadOnlyMemory<byte> prefix in _topics)
                {
                    if (topic.StartsWith(prefix.Span))
                        return true;
                }

                return false;
            }
        }

        /// <summary>Given up, and nothing taken since.</summary>
        public bool IsStalled(ZmtpConnection connection)
        {
            lock (_lock)
                return _stalled && connection.Sent == _sentWhenFull;
        }

        /// <summary>Looks at a full connection; true once it has taken nothing for as long as <paramref name="patience"/>.</summary>
        public bool Watch(ZmtpConnection connection, TimeSpan patience)
        {
            lock (_lock)
            {
                var sent = connection.Sent;
                if (sent != _sentWhenFull)
                {
                    _sentWhenFull = sent;
                    _fullSince = Environment.TickCount64;
                    _stalled = false;
                }
                else if (Environment.TickCount64 - _fullSince >= patience.TotalMilliseconds)
                {
                    _stalled = true;
                }

                return _stalled;
            }
        }
    }
}
