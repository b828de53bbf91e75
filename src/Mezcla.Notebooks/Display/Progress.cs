using System.Diagnostics;

namespace Mezcla.Notebooks.Cells;

/// <summary>Progress bars for long work.</summary>
public static class Progress
{
    /// <summary>Shows a bar that fills as steps are reported, with the rate and the time left, and becomes one line when it ends.</summary>
    /// <param name="total">How many steps there are.</param>
    /// <param name="label">What the work is.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="total"/> is negative.</exception>
    /// <example><code>
    /// using var bar = Progress.Bar(1000, "training");
    /// for (var step = 1; step &lt;= 1000; step++)
    ///     bar.Report(step, $"loss {Train(step):F3}");
    /// </code></example>
    public static ProgressBar Bar(long total, string label = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(total);
        return new ProgressBar(total, label);
    }

    /// <summary>The same items, with a bar that counts those already taken.</summary>
    /// <param name="items">What to go through. Where they can be counted without going through them, the bar knows the end.</param>
    /// <param name="label">What the work is.</param>
    public static IEnumerable<T> WithProgress<T>(this IEnumerable<T> items, string label = "")
    {
        ArgumentNullException.ThrowIfNull(items);
        return Counted(items, label);
    }

    private static IEnumerable<T> Counted<T>(IEnumerable<T> items, string label)
    {
        using var bar = new ProgressBar(items.TryGetNonEnumeratedCount(out var total) ? total : null, label);
        foreach (var item in items)
        {
            yield return item;
            bar.Increment();
        }
    }
}

/// <summary>A progress bar below the cell. Dispose of it when the work ends, and it becomes one line.</summary>
public sealed class ProgressBar : IDisposable, IProgress<long>, IProgress<int>
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
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
        if (_ended || _watch.Elapsed - _shown < s_pause)
            return;

        _shown = _watch.Elapsed;
        _handle.Update(State(ended: false).ToBundle());
    }

    private ProgressState State(bool ended) => new(_label, Value, _total, _watch.Elapsed, _note, ended);
}
