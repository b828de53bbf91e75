using System.Diagnostics;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>
/// Runs cells of C#, one after another, each seeing the variables, methods and types of those before.
/// </summary>
/// <remarks>
/// Cells are compiled with optimisation and run on a thread with a large stack. All members may be called from any thread; cells run one at a time,
/// in the order of the calls, while completion and inspection answer during a run as well.
/// </remarks>
public sealed class CellEngine : IDisposable, IAsyncDisposable
{
    private const int StackBytes = 16 << 20;
    private static readonly string[] s_imports =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks",
        "Mezcla.Notebooks.Cells",
    ];

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly OutputQueue _queue = new();
    private readonly CellLoadContext _context = new();
    private readonly CellCompiler _compiler;
    private readonly CellEngineOptions _options;
    private object?[] _states;
    private int _count;
    private volatile CellRun? _run;

    /// <summary>Makes an engine in which nothing has run.</summary>
    /// <exception cref="ArgumentException">A reference has neither a file nor metadata in memory.</exception>
    public CellEngine(CellEngineOptions? options = null)
    {
        _options = options ?? new CellEngineOptions();
        ConsoleRouter.Install();
        var own = new[] { typeof(CellEngine).Assembly }.Concat(_options.References);
        if (_options.Globals is { } globals)
            own = own.Append(globals.GetType().Assembly);

        _compiler = new CellCompiler(
            _context,
            References.Framework.Concat(own.Distinct().Select(References.Of)),
            s_imports.Concat(_options.Imports),
            _options.Globals?.GetType());
        _states = new object?[64];
        _states[0] = _options.Globals;
    }

    /// <summary>Runs a cell. All its output has been delivered when the task completes, and failures are in the result, not thrown.</summary>
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
        var watch = Stopwatch.StartNew();
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var number = options.Number ?? ++_count;
            _count = number;
            var run = new CellRun(this, _queue, output, options, options.Name ?? $"Cell {number}");
            _run = run;
            CellResult result;
            using (cancellation.Register(run.Interrupt))
                result = await OnCellThread(() => Execute(code, run)).ConfigureAwait(false);

            await _queue.FlushAsync().ConfigureAwait(false);
            return result with { Elapsed = watch.Elapsed };
        }
        finally
        {
            _run = null;
            _gate.Release();
        }
    }

    /// <summary>Stops the cell that is running, if any; variables keep the values they have.</summary>
    public void Interrupt() => _run?.Interrupt();

    /// <summary>What could stand at the cursor.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="cancellation">Gives the search up.</param>
    public Task<CompletionResult> CompleteAsync(string code, int cursor, CancellationToken cancellation = default) =>
        Task.Run(() => Completer.Complete(_compiler.Analyze(code, ""), cursor, cancellation), cancellation);

    /// <summary>Describes the name at the cursor: its declaration and documentation.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="cursor">Position of the cursor in <paramref name="code"/>, in UTF-16 units.</param>
    /// <param name="detail">0 for the declaration and summary, 1 for everything known.</param>
    /// <param name="cancellation">Gives the search up.</param>
    /// <returns>The description, or null when there is no known name at the cursor.</returns>
    public Task<MimeBundle?> InspectAsync(string code, int cursor, int detail = 0, CancellationToken cancellation = default) =>
        Task.Run(() => Inspector.Inspect(_compiler.Analyze(code, ""), cursor, detail, cancellation), cancellation);

    /// <summary>Whether this code can be run as it stands or needs more lines.</summary>
    public CompletenessResult IsComplete(string code) => CodeCompleteness.Of(code);

    /// <inheritdoc/>
    public void Dispose()
    {
        Interrupt();
        _queue.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private static Task<CellResult> OnCellThread(Func<CellResult> body)
    {
        var done = new TaskCompletionSource<CellResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => done.SetResult(body()), StackBytes) { IsBackground = true, Name = "cell" };
        thread.Start();
        return done.Task;
    }

    private CellResult Execute(string code, CellRun run)
    {
        CellRun.Current = run;
        try
        {
            var cell = _compiler.Compile(code, run.Name, run.Stopping);
            if (_states.Length < _compiler.Slots)
                Array.Resize(ref _states, _states.Length * 2);

            var task = cell.Start!(_states);
            task.Wait(run.Stopping);
            var warnings = cell.Warnings.Select(warning => warning.ToString()).ToList();
            if (!cell.HasValue)
                return new CellResult { Warnings = warnings };

            return new CellResult
            {
                Value = run.Options.Silent ? null : Cells.Formatter.ToBundle(task.Result),
                ReturnValue = task.Result,
                Warnings = warnings,
            };
        }
        catch (CellCompilationException exception)
        {
            var first = exception.Errors[0];
            var position = first.Location.GetLineSpan().StartLinePosition;
            var lines = exception.Errors.Select(error => error.ToString()).ToList();
            return Failed(CellErrorKind.Compilation, "CompileError", lines[0], lines, position.Line + 1, position.Character + 1);
        }
        catch (AggregateException exception)
        {
            var inner = exception.InnerException!;
            return Failed(CellErrorKind.Exception, inner.GetType().FullName!, inner.Message, [inner.ToString()]);
        }
        catch (OperationCanceledException)
        {
            return Failed(CellErrorKind.Interrupted, "Interrupted", "The cell was interrupted.", ["The cell was interrupted."]);
        }
    }

    private static CellResult Failed(
        CellErrorKind kind, string name, string message, IReadOnlyList<string> traceback, int? line = null, int? column = null) =>
        new() { Error = new CellError(kind, name, message, traceback, line, column) };
}
