using System.Text.Json.Nodes;
using Mezcla.Kernel.Channels;
using Mezcla.Kernel.Comms;
using Mezcla.Kernel.History;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Server;
using Mezcla.Kernel.Zmtp;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;

namespace Mezcla.Kernel;

/// <summary>
/// A C# kernel for Jupyter's front ends. It implements the messaging protocol 5.5 (shell, control, stdin, iopub, heartbeat) over ZMTP 3.0
/// and runs cells in one <see cref="CellEngine"/>.
/// </summary>
/// <remarks>
/// Shell requests are handled one at a time, in the order in which they arrive. Control requests and the heartbeat have loops of their
/// own and never wait for a cell. Invalid input from clients (bad frames, bad signatures, unknown messages) is logged and dropped.
/// </remarks>
public sealed class JupyterKernel : IAsyncDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<bool> _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly KernelLog _log;
    private readonly KernelSockets _sockets;
    private readonly CellEngine _engine;
    private readonly IoPub _ioPub;
    private readonly HistoryStore _history;
    private readonly CommManager _comms;
    private readonly ExecuteHandler _execute;
    private readonly RequestLoop _shell;
    private readonly RequestLoop _control;
    private Action<bool> _afterShutdownReply = _ => { };

    /// <summary>Binds the five channels. Clients that connect are answered once <see cref="RunAsync"/> runs.</summary>
    /// <param name="connection">The addresses to listen on. The system chooses ports that are 0.</param>
    /// <param name="options">Options of the kernel.</param>
    /// <exception cref="IOException">An address is in use.</exception>
    /// <exception cref="FormatException">The connection names an unknown transport.</exception>
    /// <exception cref="NotSupportedException">The connection names an unknown signature scheme.</exception>
    public JupyterKernel(ConnectionFile connection, KernelOptions? options = null)
        : this(connection, options ?? new KernelOptions(), new ZmtpLimits())
    {
    }

    internal JupyterKernel(ConnectionFile connection, KernelOptions options, ZmtpLimits limits)
    {
        var codec = new MessageCodec(connection.Key, connection.SignatureScheme);
        _log = new KernelLog(
            options.Log ?? TextWriter.Synchronized(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true }), options.Verbose);
        _sockets = new KernelSockets(connection, limits, _log);
        _engine = new CellEngine(options.Engine);
        _ioPub = new IoPub(_sockets.IoPub, codec, new LibraryDelivery(options.Libraries), _stopping.Token);
        _history = new HistoryStore(options.HistoryFile, _log);
        _comms = new CommManager(_ioPub);
        var stdin = new StdinRequests(_sockets.Stdin, codec, _log);
        var language = new LanguageHandlers(_engine, _stopping.Token);
        var information = new InformationHandlers(_sockets.Connection, options, _history, _comms);
        _execute = new ExecuteHandler(_engine, _ioPub, stdin, _history, _comms, _stopping.Token);

        var both = new Dictionary<string, Func<Request, Task>>
        {
            ["kernel_info_request"] = information.KernelInfoAsync,
            ["connect_request"] = information.ConnectAsync,
            ["comm_info_request"] = information.CommInfoAsync,
            ["history_request"] = information.HistoryAsync,
            ["shutdown_request"] = ShutdownAsync,
            ["interrupt_request"] = InterruptAsync,
        };
        _shell = new RequestLoop("shell", _sockets.Shell, codec, _ioPub, _log, new Dictionary<string, Func<Request, Task>>(both)
        {
            ["execute_request"] = _execute.HandleAsync,
            ["complete_request"] = language.CompleteAsync,
            ["inspect_request"] = language.InspectAsync,
            ["is_complete_request"] = language.IsCompleteAsync,
            ["comm_open"] = r => OnComm(r, _comms.OnOpen),
            ["comm_msg"] = r => OnComm(r, _comms.OnMessage),
            ["comm_close"] = r => OnComm(r, _comms.OnClose),
        });
        _control = new RequestLoop("control", _sockets.Control, codec, _ioPub, _log, new Dictionary<string, Func<Request, Task>>(both)
        {
            ["debug_request"] = information.DebugAsync,
        });
        _execute.AbortQueued = _shell.AbortQueued;
    }

    /// <summary>The connection with the ports in use.</summary>
    public ConnectionFile Connection => _sockets.Connection;

    /// <summary>The comms between cells and the front end.</summary>
    public CommManager Comms => _comms;

    /// <summary>The number of the latest message on the shell channel.</summary>
    internal long LastOnShell => _sockets.Shell.LastOrder;

    /// <summary>Serves clients until one asks for shutdown.</summary>
    /// <param name="cancel">Shuts the kernel down, as a client's request does.</param>
    /// <returns>Whether the client will start another kernel in this one's place.</returns>
    public async Task<bool> RunAsync(CancellationToken cancel = default)
    {
        using CancellationTokenRegistration registration = cancel.Register(() => _shutdown.TrySetResult(false));
        _ioPub.Status("starting", MessageHeader.None);
        _sockets.Start();
        var shell = Task.Run(() => _shell.RunAsync(_stopping.Token), CancellationToken.None);
        var control = Task.Run(() => _control.RunAsync(_stopping.Token), CancellationToken.None);
        _ = Task.Run(WarmUpAsync, CancellationToken.None);

        var restart = await _shutdown.Task.ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);

        // Cancellation interrupts the running cell. A cell that cannot be interrupted has this long until the process ends.
        await Task.WhenAny(Task.WhenAll(shell, control), Task.Delay(Linger, CancellationToken.None)).ConfigureAwait(false);
        _afterShutdownReply(restart);
        await _sockets.StopAsync(Linger).ConfigureAwait(false);
        return restart;
    }

    /// <summary>Interrupts the running cell, if any.</summary>
    public void Interrupt() => _engine.Interrupt();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _sockets.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    private Task InterruptAsync(Request request)
    {
        _engine.Interrupt();
        request.Reply(new JsonObject { ["status"] = "ok" });
        return Task.CompletedTask;
    }

    private Task ShutdownAsync(Request request)
    {
        var restart = request.Message.Flag("restart", false);
        var content = new JsonObject { ["status"] = "ok", ["restart"] = restart };
        request.Reply((JsonObject)content.DeepClone());

        // All clients are told of the shutdown, after every other message.
        _afterShutdownReply = _ => _ioPub.Send("shutdown_reply", request.Message.Header, content);
        _shutdown.TrySetResult(restart);
        return Task.CompletedTask;
    }

    private async Task OnComm(Request request, Func<JupyterMessage, bool> handle)
    {
        JupyterMessage message = request.Message;
        _comms.Enter(message.Header);
        try
        {
            // Handlers are user code from a cell, so they run on a thread-pool thread.
            if (!await Task.Run(() => handle(message), _stopping.Token).ConfigureAwait(false))
                _log.Detail(
                    $"shell: {message.Type} for the unknown comm or target {message.Text("comm_id")} {message.Text("target_name")}");
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            _ioPub.Stream(message.Header, OutputStream.Error, $"The handler of a comm's {message.Type} failed: {e}\n");
        }
    }

    // Loading the compiler takes most of a second, and reading a long history some of that. Doing both now makes the first cell fast.
    private async Task WarmUpAsync()
    {
        try
        {
            _ = _history.Session;
            await _engine.WarmUpAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _log.Warn($"the compiler could not be warmed up: {e.Message}");
        }
    }
}
