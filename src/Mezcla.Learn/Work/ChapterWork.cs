using System.Text.Json.Nodes;
using Mezcla.Learn.Pages;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Work;

/// <summary>
/// A student's work on one chapter: the copy, the engine that runs its cells, and the pages that show it. Every change is saved at once
/// and told to all pages. All members may be called from any thread.
/// </summary>
public sealed class ChapterWork : IAsyncDisposable
{
    private static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(120);
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan SaveOutputEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToStop = TimeSpan.FromSeconds(5);

    private readonly string _chapter;
    private readonly StudentFolder _folder;
    private readonly CourseFolder _course;
    private readonly ProgressFile _progress;
    private readonly Func<EngineProcess> _start;
    private readonly CellHtml _html;
    private readonly IReadOnlyList<ScriptLibrary> _libraries;
    private readonly TimeSpan? _cellTime;
    private readonly OutputCollector _collector;
    private readonly OpenPages _pages = new();
    private readonly CellRevisions _revisions = new();
    private readonly Later _saving;
    private readonly Later _telling;
    private readonly Timer _savingOutput;
    private readonly List<NotebookCell> _queue = [];
    private readonly HashSet<NotebookCell> _changed = [];
    private readonly Dictionary<NotebookCell, NotebookOutput[]> _told = [];
    private readonly Stack<(int At, NotebookCell Cell)> _deleted = new();
    private readonly string _session = Guid.NewGuid().ToString("N");
    private EngineProcess? _engine;
    private TaskCompletionSource<string?>? _asked;
    private JsonObject? _question;
    private NotebookCell? _running;
    private NotebookCell? _interrupted;
    private bool _pumping;
    private bool _outputUnsaved;
    private int _count;
    private int _version;

    /// <summary>Opens a chapter.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="folder">The student's folder.</param>
    /// <param name="course">The course.</param>
    /// <param name="progress">Where progress is noted.</param>
    /// <param name="start">Starts an engine.</param>
    /// <param name="libraries">The libraries of scripts that draw outputs.</param>
    /// <param name="cellTime">The longest time that one cell may run; null for no limit.</param>
    /// <exception cref="IOException">The copy cannot be read or made.</exception>
    public ChapterWork(string chapter, StudentFolder folder, CourseFolder course, ProgressFile progress, Func<EngineProcess> start,
        IReadOnlyList<ScriptLibrary> libraries, TimeSpan? cellTime = null)
    {
        (_chapter, _folder, _course, _progress, _start) = (chapter, folder, course, progress, start);
        (_libraries, _cellTime) = (libraries, cellTime);
        _html = new CellHtml(course.Folder, libraries);
        Notebook = folder.Open(chapter, out var notice);
        Notice = notice;
        _collector = new() { Changed = (cell, _) => Show(cell), Ask = Ask };
        _saving = new(SaveAfter, Save);
        _telling = new(TellEvery, TellOutputs);
        _savingOutput = new(_ =>
        {
            if (_outputUnsaved)
                _saving.Want();
        }, null, SaveOutputEvery, SaveOutputEvery);
    }

    /// <summary>The student's copy.</summary>
    public Notebook Notebook { get; }

    /// <summary>A sentence about how the copy was opened, or null.</summary>
    public string? Notice { get; }

    /// <summary>Changes with every change of the chapter: a page that was made from another state has to be made anew.</summary>
    public string State => $"{_session}:{Volatile.Read(ref _version)}";

    /// <summary>The process of the engine, or null while there is none.</summary>
    public EngineProcess? Engine => _engine;

    /// <summary>When a page last asked for something.</summary>
    public DateTime LastUse { get; private set; } = DateTime.UtcNow;

    /// <summary>Whether a cell is running or waits to run.</summary>
    public bool IsBusy => _running is not null || _queue.Count > 0;

    /// <summary>Renders something of the chapter while it does not change.</summary>
    /// <param name="render">Called with the state and a function that gives the HTML of a cell.</param>
    public string Render(Func<string, Func<NotebookCell, string>, CellHtml, string> render)
    {
        ArgumentNullException.ThrowIfNull(render);
        var page = "";
        _collector.Freeze(() =>
        {
            var html = new CellHtml(_course.Folder, _libraries);
            page = render(State, cell => html.Cell(cell, _revisions.Of(cell)), html);
        });
        return page;
    }

    /// <summary>Adds a page.</summary>
    /// <param name="tell">Sends a message to the page.</param>
    /// <returns>Removes the page when it is disposed of.</returns>
    public IDisposable Join(Action<JsonObject> tell)
    {
        var page = _pages.Add(tell);
        tell(new() { ["type"] = "state", ["state"] = State });
        tell(Status());
        if (_asked is not null && _question is { } question)
            tell(question);
        // The first cell is then as quick as the others.
        _ = Task.Run(Started);
        return page;
    }

    /// <summary>Carries out what a page asks for.</summary>
    /// <param name="message">The message.</param>
    /// <param name="tell">Sends a message to that page.</param>
    public void Take(JsonObject message, Action<JsonObject> tell)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(tell);
        LastUse = DateTime.UtcNow;
        var type = Text(message, "type");
        NotebookCell? cell = null;
        _collector.Freeze(() => cell = Notebook.Cells.FirstOrDefault(c => c.Id == Text(message, "cell")));
        switch (type)
        {
            case "run" when cell is { Kind: CellKind.Code }:
                Enqueue([cell]);
                break;
            case "run-all":
                Enqueue(Notebook.Cells.Where(c => c.Kind == CellKind.Code && c.Source.Trim().Length > 0
                    && !c.Tags.Contains(NotebookRunner.Skip)));
                break;
            case "interrupt":
                Interrupt();
                break;
            case "restart":
                _ = Task.Run(Restart);
                break;
            case "input":
                Interlocked.Exchange(ref _asked, null)?.TrySetResult(message["text"]?.ToString());
                break;
            case "edit" when cell is not null:
                Edit(cell, message, tell);
                break;
            case "insert":
                Insert(cell, Text(message, "kind") == "markdown" ? CellKind.Markdown : CellKind.Code, Text(message, "place") == "above");
                break;
            case "kind" when cell is not null:
                Turn(cell, Text(message, "kind") == "markdown" ? CellKind.Markdown : CellKind.Code);
                break;
            case "delete" when cell is not null:
                Delete(cell);
                break;
            case "restore":
                Restore();
                break;
            case "reset" when cell is not null:
                Reset(cell, tell);
                break;
            case "reset-all":
                ResetAll();
                break;
            case "answered" when cell is not null:
                _progress.Answered(_chapter, cell.Id);
                break;
            case "complete" or "inspect":
                _ = Task.Run(() => Answer(message, type, tell));
                break;
            case "edit" or "delete" or "reset" or "kind" or "run":
                tell(new() { ["type"] = "gone", ["cell"] = Text(message, "cell") });
                break;
        }
    }

    /// <summary>Saves what is not saved yet, and ends the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        await _savingOutput.DisposeAsync().ConfigureAwait(false);
        Interlocked.Exchange(ref _asked, null)?.TrySetResult(null);
        await _saving.DisposeAsync().ConfigureAwait(false);
        await _telling.DisposeAsync().ConfigureAwait(false);
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
        _pages.Tell(new() { ["type"] = "stopped", ["why"] = why });
    }

    private static string Text(JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static int Number(JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out int number) ? number : 0;

    private void Edit(NotebookCell cell, JsonObject message, Action<JsonObject> tell)
    {
        var source = Text(message, "source");
        int revision = 0, now = 0;
        var accepted = false;
        _collector.Freeze(() =>
        {
            now = _revisions.Of(cell);
            // The same text needs no number of its own: a page sends it again after it has lost its connection.
            accepted = cell.Source == source || Number(message, "base") == now;
            if (!accepted)
                return;
            revision = cell.Source == source ? now : _revisions.Next(cell);
            cell.Source = source;
        });
        if (!accepted)
        {
            tell(new() { ["type"] = "conflict", ["cell"] = cell.Id, ["source"] = cell.Source, ["revision"] = now });
            return;
        }
        Change();
        tell(About(cell, "accepted", revision));
        var edited = About(cell, "edited", revision);
        edited["source"] = source;
        _pages.Tell(edited, except: tell);
    }

    // A message on the text of a cell, with its prose drawn.
    private JsonObject About(NotebookCell cell, string type, int revision)
    {
        var message = new JsonObject { ["type"] = type, ["cell"] = cell.Id, ["revision"] = revision, ["state"] = State };
        if (cell.Kind == CellKind.Markdown)
            message["prose"] = _html.Prose(cell, collect: false);
        return message;
    }

    private void Insert(NotebookCell? beside, CellKind kind, bool above, NotebookCell? made = null)
    {
        // A cell's id is made from its text, and an empty text gives the same one each time.
        var cell = made ?? new NotebookCell(kind, "", Guid.NewGuid().ToString("N")[..8]);
        _collector.Freeze(() =>
        {
            var at = beside is null ? Notebook.Cells.Count : Notebook.Cells.IndexOf(beside) + (above ? 0 : 1);
            Notebook.Cells.Insert(at, cell);
        });
        TellInserted(cell, focus: true);
    }

    private void TellInserted(NotebookCell cell, bool focus)
    {
        Change();
        string? after = null;
        _collector.Freeze(() =>
        {
            var at = Notebook.Cells.IndexOf(cell);
            after = at <= 0 ? null : Notebook.Cells[at - 1].Id;
        });
        _pages.Tell(new()
        {
            ["type"] = "inserted",
            ["cell"] = cell.Id,
            ["after"] = after,
            ["html"] = _html.Cell(cell, _revisions.Of(cell)),
            ["focus"] = focus,
            ["state"] = State,
        });
    }

    private void Turn(NotebookCell cell, CellKind kind)
    {
        if (cell.Kind == kind || cell == _running)
            return;
        var turned = new NotebookCell(kind, cell.Source, cell.Id) { Metadata = cell.Metadata };
        _collector.Freeze(() =>
        {
            _queue.Remove(cell);
            Notebook.Cells[Notebook.Cells.IndexOf(cell)] = turned;
        });
        _pages.Tell(new() { ["type"] = "deleted", ["cell"] = cell.Id, ["state"] = State });
        TellInserted(turned, focus: true);
    }

    private void Delete(NotebookCell cell)
    {
        if (cell == _running)
            return;
        _collector.Freeze(() =>
        {
            _queue.Remove(cell);
            _deleted.Push((Notebook.Cells.IndexOf(cell), cell));
            Notebook.Cells.Remove(cell);
        });
        Change();
        _pages.Tell(new() { ["type"] = "deleted", ["cell"] = cell.Id, ["state"] = State });
    }

    private void Restore()
    {
        if (!_deleted.TryPop(out var last))
            return;
        _collector.Freeze(() => Notebook.Cells.Insert(Math.Min(last.At, Notebook.Cells.Count), last.Cell));
        TellInserted(last.Cell, focus: true);
    }

    private void Reset(NotebookCell cell, Action<JsonObject> tell)
    {
        var original = _course.Read(_chapter).Cells.FirstOrDefault(c => c.Id == cell.Id && c.Kind == cell.Kind);
        if (original is null)
        {
            tell(new() { ["type"] = "told", ["text"] = "This cell is your own: the course has no other version of it." });
            return;
        }
        var revision = 0;
        _collector.Freeze(() =>
        {
            cell.Source = original.Source;
            revision = _revisions.Next(cell);
        });
        Change();
        var edited = About(cell, "edited", revision);
        edited["source"] = original.Source;
        _pages.Tell(edited);
    }

    private void ResetAll()
    {
        var original = _course.Read(_chapter);
        string? kept = null;
        try
        {
            Save();
            kept = _folder.KeepAside(_chapter, "before-reset");
        }
        catch (IOException e)
        {
            _pages.Tell(new() { ["type"] = "unsaved", ["why"] = e.Message });
            return;
        }
        _collector.Freeze(() =>
        {
            _queue.Clear();
            _deleted.Clear();
            Notebook.Cells.Clear();
            Notebook.Cells.AddRange(original.Cells);
        });
        Change();
        _pages.Tell(new() { ["type"] = "reload", ["why"] = kept is null ? null : $"Your version was kept as {kept}." });
    }

    private void Enqueue(IEnumerable<NotebookCell> cells)
    {
        var begin = false;
        _collector.Freeze(() =>
        {
            _queue.AddRange(cells.Where(c => !_queue.Contains(c)));
            begin = !_pumping && _queue.Count > 0;
            _pumping |= begin;
        });
        _pages.Tell(Status());
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
                _collector.Freeze(_queue.Clear);
                _pages.Tell(new() { ["type"] = "told", ["text"] = $"The cell could not be run: {e.Message}" });
            }
        }
        _pages.Tell(Status());
    }

    private NotebookCell? Next()
    {
        _collector.Freeze(() =>
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
        var (output, number) = (_collector.For(cell), ++_count);
        output.Clear(wait: false);
        cell.ExecutionCount = null;
        Show(cell);
        _pages.Tell(Status());
        if (cell.Warning is { } warning)
            output.Write(OutputStream.Error, warning + "\n");
        var running = engine.RunAsync(cell.Source, output, new() { Number = number, Language = cell.Language });
        using var end = new CancellationTokenSource();
        var limit = Limit(engine, output, end.Token);
        var result = await running.ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await limit.ConfigureAwait(false);
        _collector.Freeze(() =>
        {
            cell.ExecutionCount = number;
            if (result.Error is { } error)
                cell.Outputs.Add(new ErrorOutput(error.Name, error.Message, error.Traceback));
            else if (result.Value is { } value)
                cell.Outputs.Add(new DisplayOutput(value, number, IsResult: true));
            if (result.Error is not null && !cell.Tags.Contains(NotebookRunner.MayFail))
                _queue.Clear();
        });
        Interlocked.Exchange(ref _asked, null)?.TrySetResult(null);
        Show(cell);
        TellOutputs();
        if (result.Error is null)
            _progress.Ran(_chapter, cell);
        _pages.Tell(new()
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
        Change();
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
    private async Task<EngineProcess> Started()
    {
        EngineProcess? engine = null;
        _collector.Freeze(() =>
        {
            if (_engine is null)
            {
                _count = 0;
                _engine = _start();
                _ = Mourn(_engine);
            }
            engine = _engine;
        });
        if (!engine!.Ready.IsCompleted)
        {
            _pages.Tell(Status());
            await engine.Ready.ConfigureAwait(false);
            _pages.Tell(Status());
        }
        return engine;
    }

    // Says when an engine has ended that nobody ended.
    private async Task Mourn(EngineProcess engine)
    {
        var why = await engine.Ended.ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _engine, null, engine) != engine)
            return;
        _pages.Tell(new() { ["type"] = "died", ["why"] = why });
        await engine.DisposeAsync().ConfigureAwait(false);
    }

    private void Interrupt()
    {
        _collector.Freeze(_queue.Clear);
        // A cell that waits for its engine has nothing to interrupt yet: it does not begin.
        if (_engine is not { Ready.IsCompleted: true })
            _interrupted = _running;
        _engine?.Interrupt();
        Interlocked.Exchange(ref _asked, null)?.TrySetResult(null);
        _pages.Tell(Status());
    }

    private async Task Restart()
    {
        _collector.Freeze(_queue.Clear);
        var engine = Interlocked.Exchange(ref _engine, null);
        _count = 0;
        engine?.Kill();
        _pages.Tell(new() { ["type"] = "restarted" });
        await Started().ConfigureAwait(false);
        _pages.Tell(Status());
        if (engine is not null)
            await engine.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<string?> Ask(NotebookCell cell, string prompt, bool password, CancellationToken cancellation)
    {
        var asked = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _asked, asked)?.TrySetResult(null);
        _question = new() { ["type"] = "ask", ["cell"] = cell.Id, ["prompt"] = prompt, ["password"] = password };
        _pages.Tell(_question);
        return await asked.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task Answer(JsonObject message, string type, Action<JsonObject> tell)
    {
        var answer = new JsonObject { ["type"] = "answer", ["id"] = Number(message, "id") };
        var code = Text(message, "code");
        var cursor = Math.Clamp(Number(message, "cursor"), 0, code.Length);
        if (_engine is { Ready.IsCompleted: true } engine && type == "complete")
        {
            var found = await engine.CompleteAsync(code, cursor).ConfigureAwait(false);
            answer["found"] = new JsonObject
            {
                ["start"] = found.Start,
                ["end"] = found.End,
                ["items"] = new JsonArray([.. found.Items.Take(300).Select(i =>
                    new JsonObject { ["text"] = i.Text, ["kind"] = i.Kind, ["signature"] = i.Signature })]),
            };
        }
        else if (_engine is { Ready.IsCompleted: true } inspector && type == "inspect")
        {
            answer["found"] = (await inspector.InspectAsync(code, cursor).ConfigureAwait(false))?[MimeBundle.PlainText];
        }
        tell(answer);
    }

    private JsonObject Status()
    {
        var status = new JsonObject { ["type"] = "status" };
        _collector.Freeze(() =>
        {
            status["engine"] = _engine is null ? "none" : _engine.Ready.IsCompleted ? _running is null ? "idle" : "busy" : "starting";
            status["running"] = _running?.Id;
            status["queued"] = new JsonArray([.. _queue.Select(c => (JsonNode)c.Id)]);
        });
        return status;
    }

    private void Show(NotebookCell cell)
    {
        _collector.Freeze(() => _changed.Add(cell));
        _outputUnsaved = true;
        Interlocked.Increment(ref _version);
        _telling.Want();
    }

    private void TellOutputs()
    {
        List<JsonObject> messages = [];
        _collector.Freeze(() =>
        {
            foreach (var cell in _changed)
            {
                // What a page has already is not sent again: a cell may hold many outputs of which the last one grows.
                var told = _told.GetValueOrDefault(cell) ?? [];
                var same = 0;
                while (same < told.Length && same < cell.Outputs.Count && ReferenceEquals(told[same], cell.Outputs[same]))
                    same++;
                _told[cell] = [.. cell.Outputs];
                var message = _html.Outputs(cell, same);
                message["type"] = "outputs";
                message["cell"] = cell.Id;
                message["state"] = State;
                messages.Add(message);
            }
            _changed.Clear();
        });
        foreach (var message in messages)
            _pages.Tell(message);
    }

    private void Change()
    {
        Interlocked.Increment(ref _version);
        _saving.Want();
    }

    private void Save()
    {
        try
        {
            string? other = null;
            var state = "";
            _collector.Freeze(() =>
            {
                (state, _outputUnsaved) = (State, false);
                other = _folder.Save(_chapter, Notebook);
            });
            _pages.Tell(new()
            {
                ["type"] = "saved",
                ["state"] = state,
                ["other"] = other is null ? null : $"Another program had changed this chapter's file. Its version was kept as {other}.",
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _pages.Tell(new() { ["type"] = "unsaved", ["why"] = e.Message });
        }
    }
}
