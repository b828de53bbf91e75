using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Channels;
using Mezcla.Kernel.Messages;

namespace Mezcla.Kernel.Comms;

/// <summary>
/// The comms of a running kernel. In a cell:
/// <code>CommManager.Current.RegisterTarget("counter", (comm, opening) => comm.Received += m => comm.Send(m.Data));</code>
/// </summary>
public sealed class CommManager
{
    private static CommManager? _latest;
    private readonly ConcurrentDictionary<string, Comm> _comms = new();
    private readonly ConcurrentDictionary<string, Action<Comm, CommMessage>> _targets = new();
    private readonly IoPub _ioPub;
    private volatile MessageHeader _parent = MessageHeader.None;

    internal CommManager(IoPub ioPub)
    {
        _ioPub = ioPub;
        _latest = this;
    }

    /// <summary>The manager of this process's kernel.</summary>
    /// <exception cref="InvalidOperationException">No kernel runs in this process.</exception>
    public static CommManager Current =>
        _latest ?? throw new InvalidOperationException("Comms exist only in a notebook that runs in a Jupyter front end.");

    /// <summary>Registers what to do when the front end opens a comm to a target. It replaces an earlier registration.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="opened">
    /// Called between cells with the new comm and the opening message. Its output appears below the cell that registered it.
    /// </param>
    public void RegisterTarget(string target, Action<Comm, CommMessage> opened)
    {
        var cell = ExecutionContext.Capture();
        _targets[target] = (comm, message) => InCell(cell, () => opened(comm, message));
    }

    /// <summary>Removes a target. Its open comms stay open.</summary>
    /// <param name="target">The target's name.</param>
    public void UnregisterTarget(string target) => _targets.TryRemove(target, out _);

    /// <summary>Opens a comm to a target that the front end registered.</summary>
    /// <param name="target">The target's name in the front end.</param>
    /// <param name="data">Any JSON for the target.</param>
    /// <param name="metadata">Metadata, or none.</param>
    /// <param name="buffers">Binary buffers, or none.</param>
    public Comm Open(string target, JsonNode? data = null, JsonObject? metadata = null, IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        var comm = new Comm(this, Guid.NewGuid().ToString("N"), target);
        _comms[comm.Id] = comm;
        Publish("comm_open", comm, data ?? new JsonObject(), metadata, buffers);
        return comm;
    }

    /// <summary>Sets the parent of the messages that are sent from now on.</summary>
    internal void Enter(MessageHeader parent) => _parent = parent;

    /// <summary>Calls a handler in the context of the cell that registered it, so that its output belongs to that cell.</summary>
    internal static void InCell(ExecutionContext? cell, Action handler)
    {
        if (cell is null)
            handler();
        else
            ExecutionContext.Run(cell, _ => handler(), null);
    }

    /// <summary>The answer to <c>comm_info_request</c>.</summary>
    internal JsonObject Info(string? target)
    {
        var comms = new JsonObject();
        foreach (Comm comm in _comms.Values)
        {
            if (string.IsNullOrEmpty(target) || comm.Target == target)
                comms[comm.Id] = new JsonObject { ["target_name"] = comm.Target };
        }

        return new JsonObject { ["status"] = "ok", ["comms"] = comms };
    }

    /// <summary>
    /// Handles a comm that the front end opens. If nobody registered the target, the comm is closed again, as the specification requires.
    /// </summary>
    /// <returns>False if nobody registered the target.</returns>
    internal bool OnOpen(JupyterMessage message)
    {
        var comm = new Comm(this, message.Text("comm_id"), message.Text("target_name"));
        if (!_targets.TryGetValue(comm.Target, out Action<Comm, CommMessage>? opened))
        {
            Publish("comm_close", comm, new JsonObject(), null, null);
            return false;
        }

        _comms[comm.Id] = comm;
        try
        {
            opened(comm, Of(message));
        }
        catch
        {
            comm.Close();
            throw;
        }

        return true;
    }

    /// <summary>Handles a message for a comm. Returns false if there is no such comm.</summary>
    internal bool OnMessage(JupyterMessage message)
    {
        if (!_comms.TryGetValue(message.Text("comm_id"), out Comm? comm))
            return false;
        comm.OnReceived(Of(message));
        return true;
    }

    /// <summary>Handles the closing of a comm by the front end. Returns false if there is no such comm.</summary>
    internal bool OnClose(JupyterMessage message)
    {
        if (Remove(message.Text("comm_id")) is not { } comm)
            return false;
        comm.OnClosed(Of(message));
        return true;
    }

    internal bool Has(Comm comm) => _comms.TryGetValue(comm.Id, out Comm? found) && ReferenceEquals(found, comm);

    internal Comm? Remove(string id) => _comms.TryRemove(id, out Comm? comm) ? comm : null;

    internal void Publish(string type, Comm comm, JsonNode data, JsonObject? metadata, IReadOnlyList<ReadOnlyMemory<byte>>? buffers)
    {
        var content = new JsonObject { ["comm_id"] = comm.Id, ["data"] = data.DeepClone() };
        if (type == "comm_open")
            content["target_name"] = comm.Target;
        _ioPub.Send(type, _parent, content, metadata, buffers);
    }

    private static CommMessage Of(JupyterMessage message) => new(
        message.Node("data"),
        JsonNode.Parse(message.Metadata.GetRawText()) as JsonObject ?? [],
        message.Buffers);
}
