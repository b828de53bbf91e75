using System.Diagnostics;

namespace Mezcla.Notebooks;

/// <summary>
/// Runs cells of C#, one after another, each seeing the variables, methods and types of those before.
/// </summary>
/// <remarks>
/// Cells are compiled with optimisation and run on a thread with a large stack. All members may be called from any thread; cells run one at
/// a time, in the order of the calls, while completion and inspection answer during a run as well.
/// </remarks>
public sealed class CellEngine : IDisposable, IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly OutputQueue _queue = new();
    private readonly CellSession _session;
    private int _count;
    private volatile CellRun? _run;
    private volatile bool _disposed;

    /// <summary>Makes an engine in which nothing has run.</summary>
    /// <exception cref="ArgumentException">A reference has neither a file nor metadata in memory.</exception>
    public CellEngine(CellEngineOptions? options = null)
    {
        ProcessGuard.Install();
        _session = new CellSession(options ?? new CellEngineOptions());
    }

    /// <summary>What cells declared, the latest where a name was declared again.</summary>
    public IReadOnlyList<CellVariable> Variables => _session.Variables;

    /// <summary>Runs a cell. All its output has been delivered when the task
    /// completes, and failures are in the result, not thrown.</summary>
    /// <param name="code">The cell's text, directives included.</param>
    /// <param name="output">Where its output goes.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellation">Interrupts the cell, as <see cref="Interrupt"/> does.</param>
    /// <exception cref="ObjectDisposedException">The engine was disposed of.</exception>
    public async Task<CellResult> RunAsync(
        string code, ICellOutput output, CellOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentNullException.ThrowIfNull(output);
        options ??= new CellOptions();
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var watch = Stopwatch.StartNew();
            var number = options.Number ?? _count + 1;
            _count = number;
            var run = new CellRun(_session.State, _queue, output, options, options.Name ?? $"Cell {number}");
            _run = run;
            run.Begin();
            CellResult result;
            using (cancellation.Register(run.Interrupt))
                result = await OnCellThread(code, run).ConfigureAwait(false);

            await _queue.FlushAsync().ConfigureAwait(false);
            run.End();
            return result with { Elapsed = watch.Elapsed };
        }
        finally
        {
            _run = null;
            _gate.Release();
        }
    }

    /// <summary>
    /// Compiles and runs a little code that leaves nothing behind, so that the first cell need not wait for the compiler to load. A host
    /// calls it while it waits for its first request.
    /// </summary>
    public async Task WarmUpAsync()
    {
        using var engine = new CellEngine(_session.State.Options);
        await engine.RunAsync("var x = new[] { 1, 2 }.Select(i => i * 2).ToList(); record WarmUp(int X); display(x); x", NoOutput.Instance)
            .ConfigureAwait(false);
    }

    /// <summary>Stops the cell that is running, if any; variables keep the values they have.</summary>
    public void Interrupt() => _run?.Interrupt();

    /// <summary>What could stand at the cursor.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="cancellation">Gives the search up.</param>
    public Task<CompletionResult> CompleteAsync(string code, int cursor, CancellationToken cancellation = default) =>
        Task.Run(
            () => DirectiveCompleter.Complete(code, cursor, _session.State.Folder)
                ?? Completer.Complete(_session.Compiler, code, cursor, cancellation), cancellation);

    /// <summary>Describes the name at the cursor: its declaration and documentation.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="detail">0 for the declaration and summary, 1 for everything known.</param>
    /// <param name="cancellation">Gives the search up.</param>
    /// <returns>The description, or null when there is no known name at the cursor.</returns>
    public Task<MimeBundle?> InspectAsync(string code, int cursor, int detail = 0, CancellationToken cancellation = default) =>
        Task.Run(() => Inspector.Inspect(_session.Compiler, _session.Variables, code, cursor, detail, cancellation), cancellation);

    /// <summary>Whether this code can be run as it stands or needs more lines.</summary>
    public CompletenessResult IsComplete(string code) => CodeCompleteness.Of(code);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Interrupt();
        _queue.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<CellResult> OnCellThread(string code, CellRun run)
    {
        var thread = new Thread(Body, CellStack.Size) { IsBackground = true, Name = "cell" };
        thread.UnsafeStart();
        return run.Completion;

        void Body()
        {
            CellStack.Begin();
            run.Complete(_session.Execute(code, run));
        }
    }
}
