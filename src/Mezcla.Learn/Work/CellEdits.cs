using System.Text.Json.Nodes;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Work;

/// <summary>What a student does to the cells of a chapter without running them: write, insert, delete, bring back.</summary>
internal sealed class CellEdits(LiveChapter chapter, CellRuns runs)
{
    private readonly LiveChapter _chapter = chapter;
    private readonly CellRuns _runs = runs;
    private readonly Stack<(int At, NotebookCell Cell)> _deleted = new();

    public void Edit(NotebookCell cell, JsonObject message, Action<JsonObject> tell)
    {
        var source = PageMessage.Text(message, "source");
        int revision = 0, now = 0;
        var accepted = false;
        _chapter.Freeze(() =>
        {
            now = _chapter.Revisions.Of(cell);
            // The same text needs no number of its own: a page sends it again after it has lost its connection.
            accepted = cell.Source == source || PageMessage.Number(message, "base") == now;
            if (!accepted)
                return;
            revision = cell.Source == source ? now : _chapter.Revisions.Next(cell);
            cell.Source = source;
        });
        if (!accepted)
        {
            tell(new() { ["type"] = "conflict", ["cell"] = cell.Id, ["source"] = cell.Source, ["revision"] = now });
            return;
        }
        _chapter.Change();
        tell(About(cell, "accepted", revision));
        var edited = About(cell, "edited", revision);
        edited["source"] = source;
        _chapter.Pages.Tell(edited, except: tell);
    }

    // A message on the text of a cell, with its prose drawn.
    private JsonObject About(NotebookCell cell, string type, int revision)
    {
        var message = new JsonObject { ["type"] = type, ["cell"] = cell.Id, ["revision"] = revision, ["state"] = _chapter.State };
        if (cell.Kind == CellKind.Markdown)
            message["prose"] = _chapter.Html.Prose(cell, collect: false);
        return message;
    }

    public void Insert(NotebookCell? beside, CellKind kind, bool above, NotebookCell? made = null)
    {
        // A cell's id is made from its text, and an empty text gives the same one each time.
        var cell = made ?? new NotebookCell(kind, "", Guid.NewGuid().ToString("N")[..8]);
        _chapter.Freeze(() =>
        {
            var at = beside is null ? _chapter.Notebook.Cells.Count : _chapter.Notebook.Cells.IndexOf(beside) + (above ? 0 : 1);
            _chapter.Notebook.Cells.Insert(at, cell);
        });
        TellInserted(cell, focus: true);
    }

    private void TellInserted(NotebookCell cell, bool focus)
    {
        _chapter.Change();
        string? after = null;
        _chapter.Freeze(() =>
        {
            var at = _chapter.Notebook.Cells.IndexOf(cell);
            after = at <= 0 ? null : _chapter.Notebook.Cells[at - 1].Id;
        });
        _chapter.Pages.Tell(new()
        {
            ["type"] = "inserted",
            ["cell"] = cell.Id,
            ["after"] = after,
            ["html"] = _chapter.Html.Cell(cell, _chapter.Revisions.Of(cell)),
            ["focus"] = focus,
            ["state"] = _chapter.State,
        });
    }

    public void Turn(NotebookCell cell, CellKind kind)
    {
        if (cell.Kind == kind || _runs.IsRunning(cell))
            return;
        var turned = new NotebookCell(kind, cell.Source, cell.Id) { Metadata = cell.Metadata };
        _chapter.Freeze(() =>
        {
            _runs.Forget(cell);
            _chapter.Notebook.Cells[_chapter.Notebook.Cells.IndexOf(cell)] = turned;
        });
        _chapter.Pages.Tell(new() { ["type"] = "deleted", ["cell"] = cell.Id, ["state"] = _chapter.State });
        TellInserted(turned, focus: true);
    }

    public void Delete(NotebookCell cell)
    {
        if (_runs.IsRunning(cell))
            return;
        _chapter.Freeze(() =>
        {
            _runs.Forget(cell);
            _deleted.Push((_chapter.Notebook.Cells.IndexOf(cell), cell));
            _chapter.Notebook.Cells.Remove(cell);
        });
        _chapter.Change();
        _chapter.Pages.Tell(new() { ["type"] = "deleted", ["cell"] = cell.Id, ["state"] = _chapter.State });
    }

    public void Restore()
    {
        if (!_deleted.TryPop(out var last))
            return;
        _chapter.Freeze(() => _chapter.Notebook.Cells.Insert(Math.Min(last.At, _chapter.Notebook.Cells.Count), last.Cell));
        TellInserted(last.Cell, focus: true);
    }

    public void Reset(NotebookCell cell, Action<JsonObject> tell)
    {
        var original = _chapter.Course.Read(_chapter.Name).Cells.FirstOrDefault(c => c.Id == cell.Id && c.Kind == cell.Kind);
        if (original is null)
        {
            tell(new() { ["type"] = "told", ["text"] = "This cell is your own: the course has no other version of it." });
            return;
        }
        var revision = 0;
        _chapter.Freeze(() =>
        {
            cell.Source = original.Source;
            revision = _chapter.Revisions.Next(cell);
        });
        _chapter.Change();
        var edited = About(cell, "edited", revision);
        edited["source"] = original.Source;
        _chapter.Pages.Tell(edited);
    }

    public void ResetAll()
    {
        var original = _chapter.Course.Read(_chapter.Name);
        string? kept = null;
        try
        {
            kept = _chapter.KeepAside("before-reset");
        }
        catch (IOException e)
        {
            _chapter.Pages.Tell(new() { ["type"] = "unsaved", ["why"] = e.Message });
            return;
        }
        _chapter.Freeze(() =>
        {
            _runs.Forget();
            _deleted.Clear();
            _chapter.Notebook.Cells.Clear();
            _chapter.Notebook.Cells.AddRange(original.Cells);
        });
        _chapter.Change();
        _chapter.Pages.Tell(new() { ["type"] = "reload", ["why"] = kept is null ? null : $"Your version was kept as {kept}." });
    }
}
