using System.Diagnostics;

namespace Mezcla.Notebooks.Cells;

/// <summary>A progress bar below the cell. Dispose of it when the work ends; one line then replaces it.</summary>
public sealed class ProgressBar : IDisposable, IProgress<long>, IProgress<int>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly long? _total;
    private readonly string _label;
    private readonly DisplayHandle _handle;
    private readonly bool _isInCell = CellRun.Current is not null || OtherHost.Output is not null;
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

    /// <summary>Reports how many steps are done, and optionally a note on the latest step.</summary>
    /// <param name="value">Steps done so far.</param>
    /// <param name="note">The note to show beside the bar, for instance the loss. Null keeps the last note.</param>
    public void Report(long value, string? note = null)
    {
        lock (_lock)
        {
            Value = value;
            _note = note ?? _note;
            ShowIfDue();
        }
    }

    /// <summary>Reports that more steps are done. May be called from several threads at once.</summary>
    /// <param name="by">How many more.</param>
    /// <param name="note">The note to show beside the bar. Null keeps the last note.</param>
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

    /// <summary>Ends the bar. One line replaces it, which says how long the work took or at which step it stopped.</summary>
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
