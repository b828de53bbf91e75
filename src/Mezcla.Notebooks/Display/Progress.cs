namespace Mezcla.Notebooks.Cells;

/// <summary>Progress bars for long work.</summary>
public static class Progress
{
    /// <summary>
    /// Shows a bar that fills as steps are reported, with the rate and the time left. When the bar is disposed of, one line replaces it.
    /// </summary>
    /// <param name="total">How many steps there are.</param>
    /// <param name="label">The name of the work.</param>
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

    /// <summary>Enumerates the same items and shows a bar that counts them.</summary>
    /// <param name="items">The items. If their number is known without enumerating them, the bar shows the time left.</param>
    /// <param name="label">The name of the work.</param>
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
