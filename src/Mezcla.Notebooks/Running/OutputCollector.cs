using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// Collects the outputs of a notebook's cells in the form in which a file stores them: successive prints are joined, updates replace the
/// earlier output, and cleared output is removed.
/// </summary>
public sealed class OutputCollector
{
    private readonly Lock _lock = new();
    private readonly List<(string Id, NotebookCell Cell, int Index)> _shown = [];

    /// <summary>Called after each change with the cell and the text of the new output.</summary>
    public Action<NotebookCell, string>? Changed { get; init; }

    /// <summary>Asks the user for a line, as <see cref="ICellOutput.ReadLineAsync"/> does; null if nobody can be asked.</summary>
    public Func<NotebookCell, string, bool, CancellationToken, Task<string?>>? Ask { get; init; }

    /// <summary>The output of one cell.</summary>
    public ICellOutput For(NotebookCell cell) => new Sink(this, cell);

    /// <summary>
    /// Runs an action while no output is added. Without this, background work of a cell could print while the notebook is saved.
    /// </summary>
    public void Freeze(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        lock (_lock)
            action();
    }

    private sealed class Sink(OutputCollector all, NotebookCell cell) : ICellOutput
    {
        private bool _clearNext;

        public void Write(OutputStream stream, string text) => Change(text, outputs =>
        {
            if (outputs.LastOrDefault() is StreamOutput last && last.Stream == stream)
                outputs[^1] = new StreamOutput(stream, last.Text + text);
            else
                outputs.Add(new StreamOutput(stream, text));
        });

        public void Display(MimeBundle bundle, string? displayId) => Change(bundle[MimeBundle.PlainText] ?? "", outputs =>
        {
            if (displayId is not null)
                all._shown.Add((displayId, cell, outputs.Count));
            outputs.Add(new DisplayOutput(bundle));
        });

        public void UpdateDisplay(string displayId, MimeBundle bundle)
        {
            HashSet<NotebookCell> changed = [];
            lock (all._lock)
            {
                foreach (var (_, where, index) in all._shown.Where(s => s.Id == displayId))
                {
                    where.Outputs[index] = ((DisplayOutput)where.Outputs[index]) with { Bundle = bundle };
                    changed.Add(where);
                }
            }
            foreach (var where in changed)
                all.Changed?.Invoke(where, bundle[MimeBundle.PlainText] ?? "");
        }

        public void Clear(bool wait)
        {
            lock (all._lock)
            {
                _clearNext = wait;
                if (!wait)
                    Empty();
            }
        }

        public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) =>
            all.Ask?.Invoke(cell, prompt, password, cancellation)
            ?? throw new NotSupportedException("This notebook runs without a front end, so there is nobody to answer Console.ReadLine().");

        private void Change(string text, Action<List<NotebookOutput>> change)
        {
            lock (all._lock)
            {
                if (_clearNext)
                    Empty();
                change(cell.Outputs);
            }
            all.Changed?.Invoke(cell, text);
        }

        private void Empty()
        {
            _clearNext = false;
            all._shown.RemoveAll(s => s.Cell == cell);
            cell.Outputs.Clear();
        }
    }
}
