using System.Text;

namespace Mezcla.Charts;

/// <summary>Describes a chart in words, for readers who cannot see it, for terminals and for logs.</summary>
internal static class ChartText
{
    private const int MostSeries = 12, SparkWidth = 40;
    private const string Sparks = "▁▂▃▄▅▆▇█";

    /// <summary>The text for a screen reader: the kind of chart, its axes, and the range and the first and last value of each
    /// series.</summary>
    public static string Description(Chart chart)
    {
        if (chart.DescriptionText is { } given)
            return given;
        var text = new StringBuilder(KindOf(chart));
        if (chart.Y.Label.Length > 0)
            text.Append($" of {chart.Y.Label}");
        if (chart.X.Label.Length > 0)
            text.Append(chart.Y.Label.Length > 0 ? $" against {chart.X.Label}" : $" of {chart.X.Label}");
        text.Append('.');
        if (chart.SubtitleText.Length > 0)
            text.Append(' ').Append(chart.SubtitleText.TrimEnd('.')).Append('.');
        if (chart.X.Log || chart.Y.Log)
            text.Append(
                chart.X.Log && chart.Y.Log ? " Both axes are logarithmic." : $" The {(chart.X.Log ? "x" : "y")} axis is logarithmic.");
        foreach (var series in chart.Series.Take(MostSeries))
            text.Append(' ').Append(Summary(chart, series)).Append('.');
        if (chart.Series.Count > MostSeries)
            text.Append($" And {chart.Series.Count - MostSeries} more series.");
        foreach (var note in chart.Annotations)
            text.Append(' ').Append(NoteText(chart, note)).Append('.');
        if (chart.Series.Count == 0)
            text.Append(" There are no data.");
        return text.ToString();
    }

    /// <summary>The title, the description, and for each series a line of block characters that shows its shape.</summary>
    public static string Plain(Chart chart)
    {
        var text = new StringBuilder();
        if (chart.Title.Length > 0)
            text.Append(chart.Title).Append('\n');
        text.Append(Description(chart));
        var lines = chart.Series.OfType<LineSeries>().Where(l => l.Y.Count(double.IsFinite) > 1).Take(MostSeries).ToArray();
        var width = lines.Select(l => l.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var line in lines)
            text.Append('\n').Append(line.Name.PadRight(width)).Append(' ').Append(Spark(line.Y, chart.Y.Log));
        return text.ToString();
    }

    /// <summary>An x value as the chart writes it: the category's name, if it has one.</summary>
    public static string ValueX(Chart chart, double x) =>
        chart.X.Categories is { } names && x >= 0 && x < names.Count ? names[(int)x] : NumberText.Format(x, chart.X.Format, 5);

    private static string KindOf(Chart chart) => chart.Type switch
    {
        Chart.Kind.Lines => "Line chart",
        Chart.Kind.Scatter => "Scatter chart",
        Chart.Kind.Areas => "Stacked area chart",
        Chart.Kind.Histogram => "Histogram",
        Chart.Kind.Heatmap => "Heat map",
        _ => chart.Stacked ? "Stacked bar chart" : "Bar chart",
    };

    private static string Summary(Chart chart, Series series)
    {
        var name = series.Name.Length > 0 ? series.Name + ": " : "";
        return name + series switch
        {
            LineSeries line => Curve(chart, line.X, line.Y),
            PointSeries points => Cloud(chart, points.X, points.Y),
            SpreadSeries { Estimates: { } estimates } spread => string.Join(", ", spread.Runs.Select((r, i) =>
                $"{ValueX(chart, spread.X[i])}: {NumberText.Format(estimates[i], chart.Y.Format)}, interval from " +
                    $"{NumberText.Format(r.Min(), chart.Y.Format)} to {NumberText.Format(r.Max(), chart.Y.Format)}")),
            SpreadSeries spread => string.Join(", ", spread.Runs.Select((r, i) =>
                $"{ValueX(chart, spread.X[i])}: {NumberText.Format(r.Min(), chart.Y.Format)} " +
                    $"to {NumberText.Format(r.Max(), chart.Y.Format)}, mean {NumberText.Format(r.Average(), chart.Y.Format)}")),
            BandSeries { Layer: true } band => Curve(chart, band.X, [.. band.High.Zip(band.Low, (h, l) => h - l)]),
            BandSeries band => $"band over {band.X.Length} x values",
            BarSeries bars => Bars(chart, bars),
            HistogramSeries values => Values(values.Values, v => NumberText.Format(v, chart.X.Format)),
            HeatSeries heat =>
                $"{heat.Values.GetLength(0)} rows by {heat.Values.GetLength(1)} " +
                    $"columns, {Values(heat.Values.Cast<double>(), v => NumberText.Format(v, chart.Y.Format))}",
            _ => "",
        };
    }

    private static string Curve(Chart chart, double[] xs, double[] ys)
    {
        var shown = Enumerable.Range(0, xs.Length).Where(i => Scale.Drawable(ys[i], chart.Y.Log) && Scale.Drawable(xs[i], chart.X.Log))
            .ToArray();
        if (shown.Length == 0)
            return "no data";
        var (first, last, low) = (shown[0], shown[^1], shown.MinBy(i => ys[i]));
        var text = $"{shown.Length} points, from {Y(ys[first])} at {ValueX(chart, xs[first])} to {Y(ys[last])} " +
            $"at {ValueX(chart, xs[last])}, lowest {Y(ys[low])} at {ValueX(chart, xs[low])}";
        return text + LeftOut(xs.Length - shown.Length);

        string Y(double v) => NumberText.Format(v, chart.Y.Format, 4);
    }

    private static string Cloud(Chart chart, double[] xs, double[] ys)
    {
        var shown = Enumerable.Range(0, xs.Length).Where(i => Scale.Drawable(ys[i], chart.Y.Log) && Scale.Drawable(xs[i], chart.X.Log))
            .ToArray();
        if (shown.Length == 0)
            return "no data";
        return $"{shown.Length} points, x from {ValueX(chart, shown.Min(i => xs[i]))} to {ValueX(chart, shown.Max(i => xs[i]))}, " +
            $"y from {NumberText.Format(shown.Min(i => ys[i]), chart.Y.Format)} " +
            $"to {NumberText.Format(shown.Max(i => ys[i]), chart.Y.Format)}" + LeftOut(xs.Length - shown.Length);
    }

    private static string Bars(Chart chart, BarSeries bars)
    {
        var categories = chart.X.Categories!;
        var shown = bars.Values.Select((v, i) => (Value: v, Name: categories[i])).Where(b => double.IsFinite(b.Value)).ToArray();
        if (shown.Length == 0)
            return "no data";
        if (shown.Length <= 12)
            return string.Join(", ", shown.Select(b => $"{b.Name} {NumberText.Format(b.Value, chart.Y.Format)}"));
        var (low, high) = (shown.MinBy(b => b.Value), shown.MaxBy(b => b.Value));
        return $"{shown.Length} bars from {NumberText.Format(low.Value, chart.Y.Format)} ({low.Name}) " +
            $"to {NumberText.Format(high.Value, chart.Y.Format)} ({high.Name})";
    }

    private static string Values(IEnumerable<double> values, Func<double, string> format)
    {
        var all = values.ToArray();
        var finite = all.Where(double.IsFinite).ToArray();
        return finite.Length == 0
            ? "no data"
            : $"{finite.Length} values from {format(finite.Min())} to {format(finite.Max())}, mean {format(finite.Average())}" +
                LeftOut(all.Length - finite.Length);
    }

    private static string LeftOut(int count) => count == 0 ? "" : $" ({count} that cannot be drawn left out)";

    private static string NoteText(Chart chart, Annotation note) => note switch
    {
        { IsRegion: true } => $"From {ValueX(chart, note.X)} to {ValueX(chart, note.XEnd)}: {note.Text}",
        { IsLevel: true } => $"Level {NumberText.Format(note.Y, chart.Y.Format, 4)}: {note.Text}",
        { IsPoint: true } => $"At {ValueX(chart, note.X)}, {NumberText.Format(note.Y, chart.Y.Format, 4)}: {note.Text}",
        _ => $"At {ValueX(chart, note.X)}: {note.Text}",
    };

    private static string Spark(double[] values, bool log)
    {
        var means = new List<double>();
        var width = Math.Min(SparkWidth, values.Length);
        for (var i = 0; i < width; i++)
        {
            var part = values[(i * values.Length / width)..((i + 1) * values.Length / width)]
                .Where(v => double.IsFinite(v) && (!log || v > 0)).ToArray();
            means.Add(part.Length == 0 ? double.NaN : log ? Math.Log(part.Average()) : part.Average());
        }
        var (low, high) = (means.Where(double.IsFinite).DefaultIfEmpty(0).Min(), means.Where(double.IsFinite).DefaultIfEmpty(0).Max());
        return string.Concat(
            means.Select(m => double.IsFinite(m) ? Sparks[high == low ? 3 : (int)Math.Round((m - low) / (high - low) * 7)] : ' '));
    }
}
