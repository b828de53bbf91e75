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
    private readonly LiveChapter _live;
    private readonly CellRuns _runs;
    private readonly CellEdits _edits;
    private readonly EngineAnswers _answers;
    private readonly ProgressFile _progress;

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
        _live = new(chapter, folder, course, libraries);
        _runs = new(_live, progress, start, cellTime);
        _edits = new(_live, _runs);
        _answers = new(_runs);
        _progress = progress;
    }

    /// <summary>The student's copy.</summary>
    public Notebook Notebook => _live.Notebook;

    /// <summary>A sentence about how the copy was opened, or null.</summary>
    public string? Notice => _live.Notice;

    /// <summary>Changes with every change of the chapter: a page that was made from another state has to be made anew.</summary>
    public string State => _live.State;

    /// <summary>The process of the engine, or null while there is none.</summary>
    public EngineProcess? Engine => _runs.Engine;

    /// <summary>When a page last asked for something.</summary>
    public DateTime LastUse { get; private set; } = DateTime.UtcNow;

    /// <summary>Whether a cell is running or waits to run.</summary>
    public bool IsBusy => _runs.IsBusy;

    /// <summary>Renders something of the chapter while it does not change.</summary>
    /// <param name="render">Called with the state and a function that gives the HTML of a cell.</param>
    public string Render(Func<string, Func<NotebookCell, string>, CellHtml, string> render)
    {
        ArgumentNullException.ThrowIfNull(render);
        var page = "";
        _live.Freeze(() =>
        {
            var html = new CellHtml(_live.Course.Folder, _live.Libraries);
            page = render(State, cell => html.Cell(cell, _live.Revisions.Of(cell)), html);
        });
        return page;
    }

    /// <summary>Adds a page.</summary>
    /// <param name="tell">Sends a message to the page.</param>
    /// <returns>Removes the page when it is disposed of.</returns>
    public IDisposable Join(Action<JsonObject> tell)
    {
        var page = _live.Pages.Add(tell);
        tell(new() { ["type"] = "state", ["state"] = State });
        tell(_runs.Status());
        if (_runs.Question is { } question)
            tell(question);
        // The first cell is then as quick as the others.
        _ = Task.Run(_runs.Started);
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
        var type = PageMessage.Text(message, "type");
        NotebookCell? cell = null;
        _live.Freeze(() => cell = Notebook.Cells.FirstOrDefault(c => c.Id == PageMessage.Text(message, "cell")));
        switch (type)
        {
            case "run" when cell is { Kind: CellKind.Code }:
                _runs.Enqueue([cell]);
                break;
            case "run-all":
                _runs.Enqueue(Notebook.Cells.Where(c => c.Kind == CellKind.Code && c.Source.Trim().Length > 0
                    && !c.Tags.Contains(NotebookRunner.Skip)));
                break;
            case "interrupt":
                _runs.Interrupt();
                break;
            case "restart":
                _ = Task.Run(_runs.Restart);
                break;
            case "input":
                _runs.Reply(message["text"]?.ToString());
                break;
            case "edit" when cell is not null:
                _edits.Edit(cell, message, tell);
                break;
            case "insert":
                _edits.Insert(cell, PageMessage.Text(message, "kind") == "markdown" ? CellKind.Markdown : CellKind.Code,
                    PageMessage.Text(message, "place") == "above");
                break;
            case "kind" when cell is not null:
                _edits.Turn(cell, PageMessage.Text(message, "kind") == "markdown" ? CellKind.Markdown : CellKind.Code);
                break;
            case "delete" when cell is not null:
                _edits.Delete(cell);
                break;
            case "restore":
                _edits.Restore();
                break;
            case "reset" when cell is not null:
                _edits.Reset(cell, tell);
                break;
            case "reset-all":
                _edits.ResetAll();
                break;
            case "answered" when cell is not null:
                _progress.Answered(_live.Name, cell.Id);
                break;
            case "complete" or "inspect" or "draw":
                _ = Task.Run(() => _answers.Answer(message, type, tell));
                break;
            case "edit" or "delete" or "reset" or "kind" or "run":
                tell(new() { ["type"] = "gone", ["cell"] = PageMessage.Text(message, "cell") });
                break;
        }
    }

    /// <summary>Saves what is not saved yet, and ends the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        _runs.Reply(null);
        await _live.DisposeAsync().ConfigureAwait(false);
        await _runs.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the engine, as after a long time without use; the next cell starts another.</summary>
    /// <param name="why">A sentence for the student.</param>
    /// <param name="atOnce">Whether its process is killed, not asked to end.</param>
    public Task StopEngine(string why, bool atOnce = false) => _runs.StopEngine(why, atOnce);
}
