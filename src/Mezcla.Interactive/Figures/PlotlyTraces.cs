using Mezcla.Charts;
using Mezcla.Charts.Data;
using Plotly.NET;
using Plotly.NET.TraceObjects;
using Chart = Mezcla.Charts.Chart;
using Histogram = Mezcla.Charts.Data.Histogram;

namespace Mezcla.Interactive.Figures;

/// <summary>The series of a chart as traces of Plotly.NET. A value that is not finite becomes null, which Plotly draws as a gap.</summary>
internal static class PlotlyTraces
{
    /// <summary>The traces of a chart.</summary>
    /// <param name="chart">The chart.</param>
    /// <param name="listed">Whether a name stands in the legend; asked once for each name.</param>
    public static IEnumerable<Trace> Of(Chart chart, Predicate<string> listed)
    {
        var histogram = chart.Type == Chart.Kind.Histogram ? Histogram.Of(chart) : null;
        var counted = 0;
        foreach (var series in chart.Series)
        {
            var color = chart.ColourOf(series.Name);
            // The legend lists each name once, with its line or points and not with the band around them.
            var first = chart.Series.Where(s => s.Name == series.Name).OrderBy(s => s is BandSeries ? 1 : 0).First() == series;
            Trace[] traces = series switch
            {
                LineSeries line => [Curve(chart, line, color)],
                PointSeries points => [Cloud(chart, points, color)],
                SpreadSeries spread => [Spread(chart, spread, color)],
                BandSeries band => Band(chart, band, color),
                BarSeries bars => [Bars(chart, bars, color)],
                HistogramSeries => [Bins(histogram!, counted++, color)],
                HeatSeries heat => [Heat(chart, heat)],
                _ => [],
            };
            for (var i = 0; i < traces.Length; i++)
            {
                // Of a band's two edges, the legend lists the one that carries the area.
                var isListed = series is not HeatSeries && first && i == traces.Length - 1 && listed(series.Name);
                yield return traces[i].With(
                    ("name", PlotlyText.Of(series.Name)), ("legendgroup", series.Name),
                        ("showlegend", series is HeatSeries ? null : isListed));
            }
        }
    }

    private static Trace Curve(Chart chart, LineSeries line, string color) =>
        Scatter(line.Markers ? "lines+markers" : "lines", chart, line.X,
        line.Y).With(("line", new Line().With(("color", color), ("width", 2), ("dash", chart.IsDashed(line.Name) ? "dash" : "solid"))));

    private static Trace Cloud(Chart chart, PointSeries points, string color) => Scatter("markers", chart, points.X, points.Y).With(
        ("marker", new Marker().With(("color", color), ("size", points.X.Length > 300 ? 4 : 8))),
        ("text", points.Texts?.Select(PlotlyText.Of).ToArray()));

    private static Trace Spread(Chart chart, SpreadSeries spread, string color)
    {
        var means = spread.Means;
        return Cloud(chart, new(spread.Name, spread.X, means, null), color).With(("error_y", new Error().With(
            ("type", "data"), ("symmetric", false),
            ("array", Numbers(spread.Runs.Select((runs, i) => runs.Max() - means[i]))),
            ("arrayminus", Numbers(spread.Runs.Select((runs, i) => means[i] - runs.Min()))))));
    }

    private static Trace[] Band(Chart chart, BandSeries band, string color)
    {
        // A band is drawn as two edges; the area from the second down to the first is filled.
        Trace Edge(double[] ys) => Scatter("lines", chart, band.X, ys).With(
            ("line", new Line().With(("color", color), ("width", 0))), ("hoverinfo", "skip"));
        return [Edge(band.Low), Edge(band.High).With(("fill", "tonexty"), ("fillcolor", color + (band.Layer ? "d9" : "38")))];
    }

    private static Trace Bars(Chart chart, BarSeries bars, string color)
    {
        var (along, value) = chart.Horizontal ? ("y", "x") : ("x", "y");
        return new Trace2D("bar").With(
            (along, chart.X.Categories!.Take(bars.Values.Length).Select(PlotlyText.Of).ToArray()), (value, Numbers(bars.Values)),
            ("orientation", chart.Horizontal ? "h" : "v"), ("marker", new Marker().With(("color", color))));
    }

    private static Trace Bins(Histogram histogram, int series, string color)
    {
        var edges = histogram.Edges;
        return new Trace2D("bar").With(
            ("x", Numbers(edges.Skip(1).Select((edge, i) => (edge + edges[i]) / 2))),
            ("width", Numbers(edges.Skip(1).Select((edge, i) => edge - edges[i]))),
            ("y", Numbers(histogram.Counts[series].Select(count => (double)count))),
            ("opacity", histogram.Counts.Length > 1 ? 0.6 : 1.0), ("marker", new Marker().With(("color", color))));
    }

    private static Trace Heat(Chart chart, HeatSeries heat)
    {
        var (low, high) = chart.Shades;
        var (height, width) = (heat.Values.GetLength(0), heat.Values.GetLength(1));
        object[][] scale = chart.Diverging
            ? [[0, Palette.LightCold], [0.5, Palette.LightPaper], [1, Palette.LightHeat]]
            : [[0, Palette.LightPaper], [1, Palette.LightHeat]];
        return new Trace2D("heatmap").With(
            ("z", Enumerable.Range(0, height).Select(i => Numbers(Enumerable.Range(0, width).Select(j => heat.Values[i, j]))).ToArray()),
            ("zmin", low), ("zmax", high), ("colorscale", scale));
    }

    private static Trace Scatter(string mode, Chart chart, double[] xs, double[] ys) => new Trace2D("scatter").With(
        ("mode", mode), ("x", chart.X.Categories is null ? Numbers(xs) : xs.Select(x => (int)x).ToArray()), ("y", Numbers(ys)));

    private static double?[] Numbers(IEnumerable<double> values) => [.. values.Select(v => double.IsFinite(v) ? v : (double?)null)];
}
