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
        _latest ?? throw new InvalidOperationException("There are comms only in a notebook that runs under a Jupyter front end.");

    /// <summary>Says what to do when the front end opens a comm to this target; replaces what was said before.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="opened">
    /// Called with the new comm and the opening message, between cells; what it prints appears below the cell that registered it.
    /// </param>
    public void RegisterTarget(string target, Action<Comm, CommMessage> opened)
    {
        var cell = ExecutionContext.Capture();
        _targets[target] = (comm, message) => InCell(cell, () => opened(comm, message));
    }

    /// <summary>Forgets a target; comms that are open stay open.</summary>
    /// <param name="target">The target's name.</param>
    public void UnregisterTarget(string target) => _targets.TryRemove(target, out _);

    /// <summary>Opens a comm to code that the front end registered.</summary>
    /// <param name="target">The target's name in the front end.</param>
    /// <param name="data">Any JSON for it.</param>
    /// <param name="metadata">Metadata, or none.</param>
    /// <param name="buffers">Binary buffers, or none.</param>
    public Comm Open(string target, JsonNode? data = null, JsonObject? metadata = null, IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        var comm = new Comm(this, Guid.NewGuid().ToString("N"), target);
        _comms[comm.Id] = comm;
        Publish("comm_open", comm, data ?? new JsonObject(), metadata, buffers);
        return comm;
    }

    /// <summary>Makes a request the parent of what is sent from here on.</summary>
    internal void Enter(MessageHeader parent) => _parent = parent;

    /// <summary>Calls a handler as if the cell that registered it did, to whose output its prints then belong.</summary>
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

    /// <summary>The front end opens a comm. To a target nobody registered the answer is
    /// that it is closed, as the specification says.</summary>
    /// <returns>False where nobody registered the target.</returns>
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

    /// <summary>A message for a comm; false where there is no such comm.</summary>
    internal bool OnMessage(JupyterMessage message)
    {
        if (!_comms.TryGetValue(message.Text("comm_id"), out Comm? comm))
            return false;
        comm.OnReceived(Of(message));
        return true;
    }

    /// <summary>The front end closes a comm; false where there is no such comm.</summary>
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
