using System.Diagnostics;

namespace Mezcla.Notebooks.Cells;

/// <summary>A progress bar below the cell. Dispose of it when the work ends, and it becomes one line.</summary>
public sealed class ProgressBar : IDisposable, IProgress<long>, IProgress<int>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long? _total;
    private readonly string _label;
    private readonly DisplayHandle _handle;
    private readonly bool _isInCell = CellRun.Current is not null;
    private TimeSpan _shown;
    private string _note = "";
    private bool _ended;

    internal ProgressBar(long? total, string label)
    {
        _total = total;
        _label = label;
        _handle = CellFunctions.Show(State(ended: false).ToBundle());
    }

    /// <summary>Steps done so far.</summary>
    public long Value { get; private set; }

    /// <summary>Says how many steps are done, and perhaps something worth telling about the latest.</summary>
    /// <param name="value">Steps done so far.</param>
    /// <param name="note">Shown beside the bar, for instance the loss; null leaves the last note.</param>
    public void Report(long value, string? note = null)
    {
        lock (_lock)
        {
            Value = value;
            _note = note ?? _note;
            ShowIfDue();
        }
    }

    /// <summary>Says that more steps are done. May be called from many threads.</summary>
    /// <param name="by">How many.</param>
    /// <param name="note">Shown beside the bar; null leaves the last note.</param>
    public void Increment(long by = 1, string? note = null)
    {
        lock (_lock)
        {
            Value += by;
            _note = note ?? _note;
            ShowIfDue();
        }
    }

    void IProgress<long>.Report(long value) => Report(value);

    void IProgress<int>.Report(int value) => Report(value);

    /// <summary>Ends the bar: it becomes one line, which says how long the work took, or where it stopped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended)
                return;

            _ended = true;
            if (_isInCell)
                _handle.Update(State(ended: true).ToBundle());
            else
                Console.WriteLine(State(ended: true).ToText());
        }
    }

    private void ShowIfDue()
    {
        if (_ended || _watch.Elapsed - _shown < Pause)
            return;

        _shown = _watch.Elapsed;
        _handle.Update(State(ended: false).ToBundle());
    }

    private ProgressState State(bool ended) => new(_label, Value, _total, _watch.Elapsed, _note, ended);
}
