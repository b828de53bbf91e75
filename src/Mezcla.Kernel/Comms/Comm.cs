using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Comms;

/// <summary>
/// A line of communication between a cell's code and code in the front end, by which widgets live (Jupyter's messaging
/// specification, "Custom messages"). <see cref="CommManager"/> makes them.
/// </summary>
public sealed class Comm
{
    private readonly CommManager _manager;
    private readonly Handlers _received = new();
    private readonly Handlers _closed = new();

    internal Comm(CommManager manager, string id, string target)
    {
        _manager = manager;
        Id = id;
        Target = target;
    }

    /// <summary>The comm's identifier, the same on both sides.</summary>
    public string Id { get; }

    /// <summary>The name of the code at the other end.</summary>
    public string Target { get; }

    /// <summary>Whether neither side has closed it.</summary>
    public bool IsOpen => _manager.Has(this);

    /// <summary>A message came. Handlers run between cells; what they print appears below the cell that added them.</summary>
    public event Action<CommMessage> Received
    {
        add => _received.Add(value);
        remove => _received.Remove(value);
    }

    /// <summary>The front end closed the comm.</summary>
    public event Action<CommMessage> Closed
    {
        add => _closed.Add(value);
        remove => _closed.Remove(value);
    }

    /// <summary>Sends to the front end.</summary>
    /// <param name="data">Any JSON.</param>
    /// <param name="metadata">Metadata, or none.</param>
    /// <param name="buffers">Binary buffers, or none.</param>
    /// <exception cref="InvalidOperationException">The comm is closed.</exception>
    public void Send(JsonNode data, JsonObject? metadata = null, IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        if (!IsOpen)
            throw new InvalidOperationException($"The comm {Id} to '{Target}' is closed.");
        _manager.Publish("comm_msg", this, data, metadata, buffers);
    }

    /// <summary>Closes the comm on both sides. A second time it does nothing.</summary>
    /// <param name="data">Any JSON for the front end's closing handler, or none.</param>
    public void Close(JsonNode? data = null)
    {
        if (_manager.Remove(Id) is not null)
            _manager.Publish("comm_close", this, data ?? new JsonObject(), null, null);
    }

    internal void OnReceived(CommMessage message) => _received.Invoke(message);

    internal void OnClosed(CommMessage message) => _closed.Invoke(message);

    /// <summary>An event's handlers, each with the cell that added it.</summary>
    private sealed class Handlers
    {
        private readonly List<(Action<CommMessage> Handler, ExecutionContext? Cell)> _list = [];

        public void Add(Action<CommMessage> handler)
        {
            lock (_list)
                _list.Add((handler, ExecutionContext.Capture()));
        }

        public void Remove(Action<CommMessage> handler)
        {
            lock (_list)
            {
                var at = _list.FindLastIndex(entry => entry.Handler == handler);
                if (at >= 0)
                    _list.RemoveAt(at);
            }
        }

        public void Invoke(CommMessage message)
        {
            (Action<CommMessage> Handler, ExecutionContext? Cell)[] all;
            lock (_list)
                all = [.. _list];
            foreach (var (handler, cell) in all)
                CommManager.InCell(cell, () => handler(message));
        }
    }
}
