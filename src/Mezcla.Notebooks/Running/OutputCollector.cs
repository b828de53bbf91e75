using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>Collects what the cells of a notebook show, as a notebook file keeps it: prints
/// joined, updates put in their places, cleared output gone.</summary>
internal sealed class OutputCollector
{
    private readonly Lock _lock = new();
    private readonly List<(string Id, List<NotebookOutput> Outputs, int Index)> _shown = [];

    /// <summary>Called after each change with the text of what changed.</summary>
    public Action<string>? Changed { get; init; }

    /// <summary>The output of one cell.</summary>
    public ICellOutput For(NotebookCell cell) => new Sink(this, cell.Outputs);

    /// <summary>Runs an action while no output arrives: background work of a cell may go on printing while the notebook is saved.</summary>
    public void Freeze(Action action)
    {
        lock (_lock)
            action();
    }

    private sealed class Sink(OutputCollector all, List<NotebookOutput> outputs) : ICellOutput
    {
        private bool _clearNext;

        public void Write(OutputStream stream, string text) => Change(text, () =>
        {
            if (outputs.LastOrDefault() is StreamOutput last && last.Stream == stream)
                outputs[^1] = new StreamOutput(stream, last.Text + text);
            else
                outputs.Add(new StreamOutput(stream, text));
        });

        public void Display(MimeBundle bundle, string? displayId) => Change(bundle[MimeBundle.PlainText] ?? "", () =>
        {
            if (displayId is not null)
                all._shown.Add((displayId, outputs, outputs.Count));
            outputs.Add(new DisplayOutput(bundle));
        });

        public void UpdateDisplay(string displayId, MimeBundle bundle)
        {
            lock (all._lock)
            {
                foreach (var (_, list, index) in all._shown.Where(s => s.Id == displayId))
                    list[index] = ((DisplayOutput)list[index]) with { Bundle = bundle };
            }
            all.Changed?.Invoke(bundle[MimeBundle.PlainText] ?? "");
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
            throw new NotSupportedException("This notebook runs without a front end, so there is nobody to answer Console.ReadLine().");

        private void Change(string text, Action change)
        {
            lock (all._lock)
            {
                if (_clearNext)
                    Empty();
                change();
            }
            all.Changed?.Invoke(text);
        }

        private void Empty()
        {
            _clearNext = false;
            all._shown.RemoveAll(s => s.Outputs == outputs);
            outputs.Clear();
        }
    }
}
