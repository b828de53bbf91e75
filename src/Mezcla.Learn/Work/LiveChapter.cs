using System.Text.Json.Nodes;
using Mezcla.Learn.Pages;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Work;

/// <summary>
/// A student's copy of a chapter and the pages that show it: what changes is saved a moment later and told to all pages.
/// </summary>
internal sealed class LiveChapter : IAsyncDisposable
{
    private static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(120);
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan SaveOutputEvery = TimeSpan.FromSeconds(5);

    private readonly OutputCollector _collector;
    private readonly Later _saving;
    private readonly Later _telling;
    private readonly Timer _savingOutput;
    private readonly HashSet<NotebookCell> _changed = [];
    private readonly Dictionary<NotebookCell, NotebookOutput[]> _told = [];
    private readonly string _session = Guid.NewGuid().ToString("N");
    private readonly StudentFolder _folder;
    private bool _outputUnsaved;
    private int _version;

    public LiveChapter(string name, StudentFolder folder, CourseFolder course, IReadOnlyList<ScriptLibrary> libraries)
    {
        (Name, _folder, Course, Libraries) = (name, folder, course, libraries);
        Html = new CellHtml(course.Folder, libraries);
        Notebook = folder.Open(name, out var notice);
        Notice = notice;
        _collector = new()
        {
            Changed = (cell, _) => Show(cell),
            Ask = (cell, prompt, password, cancellation) => Ask is { } ask
                ? ask(cell, prompt, password, cancellation)
                : Task.FromResult<string?>(null),
        };
        _saving = new(SaveAfter, Save);
        _telling = new(TellEvery, TellOutputs);
        _savingOutput = new(_ =>
        {
            if (_outputUnsaved)
                _saving.Want();
        }, null, SaveOutputEvery, SaveOutputEvery);
    }

    /// <summary>The chapter's name.</summary>
    public string Name { get; }

    public CourseFolder Course { get; }

    public IReadOnlyList<ScriptLibrary> Libraries { get; }

    public CellHtml Html { get; }

    /// <summary>The student's copy. Read and changed only within <see cref="Freeze"/>.</summary>
    public Notebook Notebook { get; }

    /// <summary>A sentence about how the copy was opened, or null.</summary>
    public string? Notice { get; }

    public OpenPages Pages { get; } = new();

    public CellRevisions Revisions { get; } = new();

    /// <summary>Asks the student for a line that a cell reads.</summary>
    public Func<NotebookCell, string, bool, CancellationToken, Task<string?>>? Ask { get; set; }

    /// <summary>Changes with every change of the chapter: a page that was made from another state has to be made anew.</summary>
    public string State => $"{_session}:{Volatile.Read(ref _version)}";

    /// <summary>Does something while nobody else changes the notebook.</summary>
    public void Freeze(Action action) => _collector.Freeze(action);

    /// <summary>Where the outputs of a cell go.</summary>
    public ICellOutput OutputOf(NotebookCell cell) => _collector.For(cell);

    /// <summary>Keeps the file as it is under another name, after saving.</summary>
    /// <exception cref="IOException">The file cannot be copied.</exception>
    public string? KeepAside(string why)
    {
        Save();
        return _folder.KeepAside(Name, why);
    }

    /// <summary>Saves what is not saved yet.</summary>
    public async ValueTask DisposeAsync()
    {
        await _savingOutput.DisposeAsync().ConfigureAwait(false);
        await _saving.DisposeAsync().ConfigureAwait(false);
        await _telling.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Notes that the outputs of a cell have changed.</summary>
    public void Show(NotebookCell cell)
    {
        Freeze(() => _changed.Add(cell));
        _outputUnsaved = true;
        Interlocked.Increment(ref _version);
        _telling.Want();
    }

    /// <summary>Tells all pages the outputs that have changed.</summary>
    public void TellOutputs()
    {
        List<JsonObject> messages = [];
        Freeze(() =>
        {
            foreach (var cell in _changed)
            {
                // What a page has already is not sent again: a cell may hold many outputs of which the last one grows.
                var told = _told.GetValueOrDefault(cell) ?? [];
                var same = 0;
                while (same < told.Length && same < cell.Outputs.Count && ReferenceEquals(told[same], cell.Outputs[same]))
                    same++;
                _told[cell] = [.. cell.Outputs];
                var message = Html.Outputs(cell, same);
                message["type"] = "outputs";
                message["cell"] = cell.Id;
                message["state"] = State;
                messages.Add(message);
            }
            _changed.Clear();
        });
        foreach (var message in messages)
            Pages.Tell(message);
    }

    /// <summary>Notes that the text of the chapter has changed.</summary>
    public void Change()
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
            Freeze(() =>
            {
                (state, _outputUnsaved) = (State, false);
                other = _folder.Save(Name, Notebook);
            });
            Pages.Tell(new()
            {
                ["type"] = "saved",
                ["state"] = state,
                ["other"] = other is null ? null : $"Another program had changed this chapter's file. Its version was kept as {other}.",
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Pages.Tell(new() { ["type"] = "unsaved", ["why"] = e.Message });
        }
    }
}
