using System.Text.Json.Nodes;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Work;

/// <summary>Runs the cells of a chapter one after another in an engine of its own, which it starts, interrupts and ends.</summary>
internal sealed class CellRuns : IAsyncDisposable
{
    private static readonly TimeSpan ToStop = TimeSpan.FromSeconds(5);

    private readonly LiveChapter _chapter;
    private readonly ProgressFile _progress;
    private readonly Func<EngineProcess> _start;
    private readonly TimeSpan? _cellTime;
    private readonly List<NotebookCell> _queue = [];
    private EngineProcess? _engine;
    private TaskCompletionSource<string?>? _asked;
    private JsonObject? _question;
    private NotebookCell? _running;
    private NotebookCell? _interrupted;
    private bool _pumping;
    private int _count;

    public CellRuns(LiveChapter chapter, ProgressFile progress, Func<EngineProcess> start, TimeSpan? cellTime)
    {
        (_chapter, _progress, _start, _cellTime) = (chapter, progress, start, cellTime);
        chapter.Ask = Ask;
    }

    /// <summary>The process of the engine, or null while there is none.</summary>
    public EngineProcess? Engine => _engine;

    /// <summary>Whether a cell is running or waits to run.</summary>
    public bool IsBusy => _running is not null || _queue.Count > 0;

    /// <summary>What a running cell asks the student, or null.</summary>
    public JsonObject? Question => _asked is null ? null : _question;

    public bool IsRunning(NotebookCell cell) => cell == _running;

    /// <summary>Takes a cell out of those that wait. Called while the chapter is frozen.</summary>
    public void Forget(NotebookCell cell) => _queue.Remove(cell);

    /// <summary>Takes out all that wait. Called while the chapter is frozen.</summary>
    public void Forget() => _queue.Clear();

    /// <summary>Gives the running cell the line that it asked for.</summary>
    public void Reply(string? line) => Interlocked.Exchange(ref _asked, null)?.TrySetResult(line);

    /// <summary>Ends the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        Reply(null);
        if (Interlocked.Exchange(ref _engine, null) is { } engine)
            await engine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the engine, as after a long time without use; the next cell starts another.</summary>
    /// <param name="why">A sentence for the student.</param>
    /// <param name="atOnce">Whether its process is killed, not asked to end.</param>
    public async Task StopEngine(string why, bool atOnce = false)
    {
        if (Interlocked.Exchange(ref _engine, null) is not { } engine)
            return;
        if (atOnce)
            engine.Kill();
        await engine.DisposeAsync().ConfigureAwait(false);
        _count = 0;
        _chapter.Pages.Tell(new() { ["type"] = "stopped", ["why"] = why });
    }

    public void Enqueue(IEnumerable<NotebookCell> cells)
    {
        var begin = false;
        _chapter.Freeze(() =>
        {
            _queue.AddRange(cells.Where(c => !_queue.Contains(c)));
            begin = !_pumping && _queue.Count > 0;
            _pumping |= begin;
        });
        _chapter.Pages.Tell(Status());
        if (begin)
            _ = Task.Run(Pump);
    }

    private async Task Pump()
    {
        while (Next() is { } cell)
        {
            try
            {
                await Run(cell).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                _chapter.Freeze(_queue.Clear);
                _chapter.Pages.Tell(new() { ["type"] = "told", ["text"] = $"The cell could not be run: {e.Message}" });
            }
        }
        _chapter.Pages.Tell(Status());
    }

    private NotebookCell? Next()
    {
        _chapter.Freeze(() =>
        {
            _running = _queue.FirstOrDefault();
            if (_running is null)
                _pumping = false;
            else
                _queue.RemoveAt(0);
        });
        return _running;
    }

    private async Task Run(NotebookCell cell)
    {
        var engine = await Started().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _interrupted, null) == cell)
            return;
        var (output, number) = (_chapter.OutputOf(cell), ++_count);
        output.Clear(wait: false);
        cell.ExecutionCount = null;
        _chapter.Show(cell);
        _chapter.Pages.Tell(Status());
        if (cell.Warning is { } warning)
            output.Write(OutputStream.Error, warning + "\n");
        var result = await Run(engine, cell.Source, output, new() { Number = number, Language = cell.Language }).ConfigureAwait(false);
        _chapter.Freeze(() =>
        {
            cell.ExecutionCount = number;
            if (result.Error is { } error)
                cell.Outputs.Add(new ErrorOutput(error.Name, error.Message, error.Traceback));
            else if (result.Value is { } value)
                cell.Outputs.Add(new DisplayOutput(value, number, IsResult: true));
            if (result.Error is not null && !cell.Tags.Contains(NotebookRunner.MayFail))
                _queue.Clear();
        });
        Reply(null);
        _chapter.Show(cell);
        _chapter.TellOutputs();
        if (result.Error is null)
            _progress.Ran(_chapter.Name, cell);
        _chapter.Pages.Tell(new()
        {
            ["type"] = "ran",
            ["cell"] = cell.Id,
            ["number"] = number,
            ["seconds"] = result.Elapsed.TotalSeconds,
            ["error"] = result.Error is not { } e ? null : new JsonObject
            {
                ["line"] = e.Line,
                ["column"] = e.Column,
                ["message"] = e.Message,
                ["interrupted"] = e.Kind == CellErrorKind.Interrupted,
            },
        });
        _chapter.Change();
    }

    /// <summary>Runs code within the time that a cell may take.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="code">The code.</param>
    /// <param name="output">Receives what it prints and shows.</param>
    /// <param name="options">How to run it.</param>
    public async Task<CellResult> Run(EngineProcess engine, string code, ICellOutput output, CellOptions options)
    {
        var running = engine.RunAsync(code, output, options);
        using var end = new CancellationTokenSource();
        var limit = Limit(engine, output, end.Token);
        var result = await running.ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await limit.ConfigureAwait(false);
        return result;
    }

    // Interrupts a cell that takes too long, and ends the engine of one that does not stop.
    private async Task Limit(EngineProcess engine, ICellOutput output, CancellationToken end)
    {
        if (_cellTime is not { } time)
            return;
        await Task.Delay(time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (end.IsCancellationRequested)
            return;
        output.Write(OutputStream.Error, $"The cell was stopped: here a cell may run for {time.TotalSeconds} seconds.\n");
        engine.Interrupt();
        await Task.Delay(ToStop, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!end.IsCancellationRequested)
            engine.Kill();
    }

    /// <summary>The engine, started if there is none.</summary>
    public async Task<EngineProcess> Started()
    {
        EngineProcess? engine = null;
        var isNew = false;
        _chapter.Freeze(() =>
        {
            if (_engine is null)
            {
                isNew = true;
                _count = 0;
                _engine = _start();
                _ = Mourn(_engine);
            }
            engine = _engine;
        });
        if (isNew || !engine!.Ready.IsCompleted)
            _chapter.Pages.Tell(Status());
        if (!engine!.Ready.IsCompleted)
        {
            await engine.Ready.ConfigureAwait(false);
            _chapter.Pages.Tell(Status());
        }
        return engine;
    }

    // Says when an engine has ended that nobody ended.
    private async Task Mourn(EngineProcess engine)
    {
        var why = await engine.Ended.ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _engine, null, engine) != engine)
            return;
        _chapter.Pages.Tell(new() { ["type"] = "died", ["why"] = why });
        await engine.DisposeAsync().ConfigureAwait(false);
    }

    public void Interrupt()
    {
        _chapter.Freeze(_queue.Clear);
        // A cell that waits for its engine has nothing to interrupt yet: it does not begin.
        if (_engine is not { Ready.IsCompleted: true })
            _interrupted = _running;
        _engine?.Interrupt();
        Reply(null);
        _chapter.Pages.Tell(Status());
    }

    public async Task Restart()
    {
        _chapter.Freeze(_queue.Clear);
        var engine = Interlocked.Exchange(ref _engine, null);
        _count = 0;
        engine?.Kill();
        _chapter.Pages.Tell(new() { ["type"] = "restarted" });
        await Started().ConfigureAwait(false);
        _chapter.Pages.Tell(Status());
        if (engine is not null)
            await engine.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<string?> Ask(NotebookCell cell, string prompt, bool password, CancellationToken cancellation)
    {
        var asked = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _asked, asked)?.TrySetResult(null);
        _question = new() { ["type"] = "ask", ["cell"] = cell.Id, ["prompt"] = prompt, ["password"] = password };
        _chapter.Pages.Tell(_question);
        return await asked.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    public JsonObject Status()
    {
        var status = new JsonObject { ["type"] = "status" };
        _chapter.Freeze(() =>
        {
            status["engine"] = _engine is null ? "none" : _engine.Ready.IsCompleted ? _running is null ? "idle" : "busy" : "starting";
            status["running"] = _running?.Id;
            status["queued"] = new JsonArray([.. _queue.Select(c => (JsonNode)c.Id)]);
        });
        return status;
    }
}
