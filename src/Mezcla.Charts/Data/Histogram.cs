namespace Mezcla.Charts.Data;

/// <summary>The counts of the values of several series in the same bins.</summary>
/// <param name="Edges">The edges of the bins, one more than there are bins.</param>
/// <param name="Counts">For each series, how many values each bin has; a value on an edge
/// belongs to the bin above it, but the last bin has both its edges.</param>
public sealed record Histogram(double[] Edges, int[][] Counts)
{
    /// <summary>Counts a chart's values in bins with round edges (of equal ratio on a logarithmic axis).</summary>
    public static Histogram Of(Chart chart)
    {
        var log = chart.X.Log;
        var series = chart.Series.OfType<HistogramSeries>().ToArray();
        bool Counted(double v) => Scale.Drawable(v, log) && !(v < chart.X.Min) && !(v > chart.X.Max);
        var all = series.SelectMany(s => s.Values).Where(Counted).ToArray();
        if (all.Length == 0)
            return new([], [.. series.Select(_ => Array.Empty<int>())]);

        var (min, max) = (all.Min(), all.Max());
        var edges = log ? LogEdges(min, max, chart.Bins) : LinearEdges(min, max, chart.Bins, all.All(v => v == Math.Floor(v)));
        return new(edges, [.. series.Select(s => Count(s.Values.Where(Counted), edges))]);
    }

    private static double[] LinearEdges(double min, double max, int bins, bool whole)
    {
        if (max - min <= Math.Max(Math.Abs(max), Math.Abs(min)) * 1e-9 || max - min < 1e-280)
        {
            var half = Math.Abs(min) < 1e-280 || whole ? 0.5 : Math.Abs(min) * 0.05;
            return [min - half, min + half];
        }
        var step = Ticks.Step(max - min, bins);
        // For whole numbers, bins have a whole width and their edges lie between whole numbers: with bins of half a unit, every second bin
        // would be empty.
        if (whole && step < 5)
            return [.. Enumerable.Range(0, (int)((max - min) / Math.Ceiling(step)) + 2).Select(i => min - 0.5 + i * Math.Ceiling(step))];
        var first = Math.Floor(min / step + 1e-9);
        var count = Math.Max(1, (int)Math.Min(Math.Ceiling(max / step - 1e-9) - first, 5000));
        return [.. Enumerable.Range(0, count + 1).Select(i => (first + i) * step)];
    }

    private static double[] LogEdges(double min, double max, int bins)
    {
        var (low, high) = max / min < 1.01 ? (Math.Log10(min) - 0.05, Math.Log10(min) + 0.05) : (Math.Log10(min), Math.Log10(max));
        return [.. Enumerable.Range(0, bins + 1).Select(i => Math.Pow(10, low + (high - low) * i / bins))];
    }

    private static int[] Count(IEnumerable<double> values, double[] edges)
    {
        var counts = new int[edges.Length - 1];
        foreach (var value in values)
        {
            var found = Array.BinarySearch(edges, value);
            // Because of rounding, an extreme value may lie slightly outside the edges that were computed from it.
            counts[Math.Clamp(found >= 0 ? found : ~found - 1, 0, counts.Length - 1)]++;
        }
        return counts;
    }
}
