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
