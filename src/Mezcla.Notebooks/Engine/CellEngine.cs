using System.Diagnostics;

namespace Mezcla.Notebooks;

/// <summary>
/// Runs C# cells one after another. Each cell can use the variables, methods and types of the cells before it.
/// </summary>
/// <remarks>
/// Cells are compiled with optimisation and run on a thread with a large stack. All members may be called from any thread. Cells run one
/// at a time, in the order of the calls; completion and inspection also work while a cell runs.
/// </remarks>
public sealed class CellEngine : IDisposable, IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly OutputQueue _queue = new();
    private readonly CellSession _session;
    private int _count;
    private volatile CellRun? _run;
    private volatile bool _disposed;

    /// <summary>Creates an engine in which no cell has run yet.</summary>
    /// <exception cref="ArgumentException">A reference has neither a file nor metadata in memory.</exception>
    public CellEngine(CellEngineOptions? options = null)
    {
        ProcessGuard.Install();
        _session = new CellSession(options ?? new CellEngineOptions());
    }

    /// <summary>The variables that cells declared. If a name was declared more than once, the latest declaration counts.</summary>
    public IReadOnlyList<CellVariable> Variables => _session.Variables;

    /// <summary>
    /// Runs a cell. When the task completes, all output of the cell has been delivered. Failures are returned in the result, not thrown.
    /// </summary>
    /// <param name="code">The cell's text, including directives.</param>
    /// <param name="output">Receives the cell's output.</param>
    /// <param name="options">How to run the cell.</param>
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
    /// Compiles and runs a small piece of code in an engine of its own, so that the compiler is loaded before the first cell runs. A host
    /// calls it while it waits for its first request.
    /// </summary>
    public async Task WarmUpAsync()
    {
        using var engine = new CellEngine(_session.State.Options);
        await engine.RunAsync("var x = new[] { 1, 2 }.Select(i => i * 2).ToList(); record WarmUp(int X); display(x); x", NoOutput.Instance)
            .ConfigureAwait(false);
    }

    /// <summary>Interrupts the running cell, if any. Variables keep their current values.</summary>
    public void Interrupt() => _run?.Interrupt();

    /// <summary>Lists the possible completions at the cursor.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="cancellation">Cancels the search.</param>
    public Task<CompletionResult> CompleteAsync(string code, int cursor, CancellationToken cancellation = default) =>
        Task.Run(
            () => DirectiveCompleter.Complete(code, cursor, _session.State.Folder)
                ?? Completer.Complete(_session.Compiler, code, cursor, cancellation), cancellation);

    /// <summary>Describes the name at the cursor: its declaration and documentation.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="detail">0 for the declaration and summary, 1 for everything known.</param>
    /// <param name="cancellation">Cancels the search.</param>
    /// <returns>The description, or null when there is no known name at the cursor.</returns>
    public Task<MimeBundle?> InspectAsync(string code, int cursor, int detail = 0, CancellationToken cancellation = default) =>
        Task.Run(() => Inspector.Inspect(_session.Compiler, _session.Variables, code, cursor, detail, cancellation), cancellation);

    /// <summary>Whether this code can be run as it is or needs more lines.</summary>
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
