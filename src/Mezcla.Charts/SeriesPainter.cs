using System.Text;

namespace Mezcla.Charts;

/// <summary>Draws lines, points, bands and histograms on two axes of numbers.</summary>
internal static class SeriesPainter
{
    private const int MostTooltips = 400;

    public static void Draw(Svg svg, Chart chart, Frame frame, List<string> names)
    {
        if (chart.Type == Chart.Kind.Histogram)
            Bins(svg, chart, frame, names);
        // Areas are drawn first, then lines, in whatever order they were added.
        foreach (var band in chart.Series.OfType<BandSeries>())
            InGroup(svg, chart.ColourOf(band.Name, names), color => Band(svg, band, frame, color));
        foreach (var line in chart.Series.OfType<LineSeries>())
            InGroup(svg, chart.ColourOf(line.Name, names), color => Line(svg, line, frame, color));
    }

    /// <summary>Draws points and the markers of lines: all whose middle lies in the frame.</summary>
    public static void Marks(Svg svg, Chart chart, Frame frame, List<string> names)
    {
        foreach (var line in chart.Series.OfType<LineSeries>().Where(line => line.Markers))
            InGroup(svg, chart.ColourOf(line.Name, names), color => Markers(svg, line, frame, color));
        foreach (var points in chart.Series.OfType<PointSeries>())
            InGroup(svg, chart.ColourOf(points.Name, names), color => Points(svg, points, chart, frame, color));
        foreach (var spread in chart.Series.OfType<SpreadSeries>())
            InGroup(svg, chart.ColourOf(spread.Name, names), color => Spread(svg, spread, chart, frame, color));
    }

    public static void InGroup(Svg svg, int color, Action<int> draw)
    {
        svg.Open("g", $"class=\"g g{color % Palette.Count}\"");
        draw(color);
        svg.Close("g");
    }

    /// <summary>Draws the symbol beside a name in the legend.</summary>
    public static void Key(Svg svg, IEnumerable<Series> series, int color, double x, double y)
    {
        foreach (var one in series.OrderBy(s => s is BandSeries ? 0 : 1))
        {
            if (one is LineSeries)
                svg.Line(x, y, x + 18, y, Palette.Stroke(color, 2.5));
            else if (one is PointSeries or SpreadSeries)
                svg.Path(Marker(color, x + 9, y, 4.2), Palette.Fill(color));
            else
                svg.Rect(x + 2, y - 6, 14, 12,
                    Palette.Fill(color) + (one is BandSeries { Layer: false } ? " opacity=\"0.25\"" : " rx=\"2\""));
        }
    }

    /// <summary>The marker of a series: circle, square, triangle, diamond, and then again from the start. All have about the same
    /// area.</summary>
    public static string Marker(int series, double x, double y, double r)
    {
        var (s, t) = (r * 0.88, r * 1.3);
        return (series % 4) switch
        {
            0 => $"M{Svg.F(x - r)} {Svg.F(y)}a{Svg.F(r)} {Svg.F(r)} 0 1 0 {Svg.F(2 * r)} 0a{Svg.F(r)} {Svg.F(r)} 0 1 0 {Svg.F(-2 * r)} 0z",
            1 => $"M{Svg.F(x - s)} {Svg.F(y - s)}h{Svg.F(2 * s)}v{Svg.F(2 * s)}h{Svg.F(-2 * s)}z",
            2 => $"M{Svg.F(x)} {Svg.F(y - t)}l{Svg.F(t)} {Svg.F(2 * t * 0.9)}h{Svg.F(-2 * t)}z",
            _ => $"M{Svg.F(x)} {Svg.F(y - t)}l{Svg.F(t)} {Svg.F(t)}l{Svg.F(-t)} {Svg.F(t)}l{Svg.F(-t)} {Svg.F(-t)}z",
        };
    }

    private static void Line(Svg svg, LineSeries line, Frame frame, int color)
    {
        var (path, alone) = Path(line, frame);
        if (path.Length > 0)
            svg.Path(path, Palette.Stroke(color, 2) + " stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        foreach (var (x, y) in alone)
            svg.Circle(x, y, 2.2, Palette.Fill(color));
    }

    private static void Markers(Svg svg, LineSeries line, Frame frame, int color)
    {
        for (var i = 0; i < line.X.Length; i++)
        {
            if (frame.Holds(line.X[i], line.Y[i]))
                svg.Path(Marker(color, frame.X.Map(line.X[i]), frame.Y.Map(line.Y[i]), 3.6), Palette.Fill(color));
        }
    }

    /// <summary>
    /// Draws the line as a path that is interrupted at gaps, and single points that have a gap on both sides. If many points fall into one
    /// pixel column, only the first, the extremes and the last are kept; the picture is the same.
    /// </summary>
    private static (string Path, List<(double X, double Y)> Alone) Path(LineSeries line, Frame frame)
    {
        var path = new StringBuilder();
        var alone = new List<(double, double)>();
        var run = new List<(double X, double Y)>();
        for (var i = 0; i <= line.X.Length; i++)
        {
            if (i < line.X.Length && frame.X.Has(line.X[i]) && frame.Y.Has(line.Y[i]))
            {
                run.Add((frame.X.Map(line.X[i]), frame.Y.Map(line.Y[i])));
                continue;
            }
            if (run.Count == 1)
                alone.Add(run[0]);
            else if (run.Count > 1)
                Append(run.Count > 3 * frame.Width ? Thin(run) : run);
            run.Clear();
        }
        return (path.ToString(), alone);

        void Append(List<(double X, double Y)> points)
        {
            for (var i = 0; i < points.Count; i++)
                path.Append(i == 0 ? 'M' : 'L').Append(Svg.F(points[i].X)).Append(' ').Append(Svg.F(points[i].Y));
        }
    }

    private static List<(double X, double Y)> Thin(List<(double X, double Y)> points)
    {
        var kept = new List<(double X, double Y)>();
        for (var i = 0; i < points.Count;)
        {
            var (first, low, high) = (i, i, i);
            var column = Math.Floor(points[i].X);
            for (; i < points.Count && Math.Floor(points[i].X) == column; i++)
            {
                if (points[i].Y < points[low].Y)
                    low = i;
                if (points[i].Y > points[high].Y)
                    high = i;
            }
            kept.AddRange(new[] { first, low, high, i - 1 }.Distinct().Order().Select(k => points[k]));
        }
        return kept;
    }

    private static void Band(Svg svg, BandSeries band, Frame frame, int color)
    {
        var run = new List<int>();
        for (var i = 0; i <= band.X.Length; i++)
        {
            if (i < band.X.Length && frame.X.Has(band.X[i]) && Scale.Drawable(band.Low[i], log: false) && frame.Y.Has(band.High[i]))
            {
                run.Add(i);
                continue;
            }
            if (run.Count > 1)
            {
                var path = new StringBuilder();
                foreach (var k in run)
                    path.Append(k == run[0] ? 'M' : 'L').Append(Svg.F(frame.X.Map(band.X[k]))).Append(' ')
                        .Append(Svg.F(frame.Y.Map(band.High[k])));
                foreach (var k in Enumerable.Reverse(run))
                    path.Append('L').Append(Svg.F(frame.X.Map(band.X[k]))).Append(' ')
                        .Append(Svg.F(frame.Y.Has(band.Low[k]) ? frame.Y.Map(band.Low[k]) : frame.Bottom));
                svg.Path(path.Append('z').ToString(), Palette.Fill(color) + $" opacity=\"{(band.Layer ? "0.85" : "0.22")}\"",
                    band.Layer ? band.Name : null);
            }
            run.Clear();
        }
    }

    private static void Points(Svg svg, PointSeries points, Chart chart, Frame frame, int color)
    {
        var visible = Enumerable.Range(0, points.X.Length).Where(i => frame.Holds(points.X[i], points.Y[i])).ToList();
        var radius = visible.Count > 2000 ? 1.6 : visible.Count > 300 ? 2.4 : 4.2;
        svg.Open("g", Palette.Fill(color) + (visible.Count > 300 ? " opacity=\"0.6\"" : " opacity=\"0.9\""));
        foreach (var i in visible)
        {
            var tooltip = points.Texts?[i] ?? (visible.Count <= MostTooltips
                ? $"{(points.Name.Length > 0 ? points.Name + ": " : "")}{ChartText.ValueX(chart, points.X[i])}, " +
                    $"{NumberText.Format(points.Y[i], chart.Y.Format, 4)}"
                : null);
            svg.Path(Marker(color, frame.X.Map(points.X[i]), frame.Y.Map(points.Y[i]), radius), "", tooltip);
        }
        svg.Close("g");
    }

    private static void Spread(Svg svg, SpreadSeries spread, Chart chart, Frame frame, int color)
    {
        var means = spread.Means;
        for (var i = 0; i < means.Length; i++)
        {
            if (!frame.Holds(spread.X[i], means[i]))
                continue;
            var (low, high) = (spread.Runs[i].Min(), spread.Runs[i].Max());
            var x = frame.X.Map(spread.X[i]) + Shift(spread, spread.X[i], chart, frame);
            var (top, bottom) = (Math.Max(frame.Y.Map(high), frame.Top),
                Math.Min(frame.Y.Map(frame.Y.Has(low) ? low : means[i]), frame.Bottom));
            svg.Line(x, top, x, bottom, Palette.Stroke(color % Palette.Count, 1.6));
            svg.Line(x - 4, top, x + 4, top, Palette.Stroke(color % Palette.Count, 1.6));
            svg.Line(x - 4, bottom, x + 4, bottom, Palette.Stroke(color % Palette.Count, 1.6));
            string Number(double v) => NumberText.Format(v, chart.Y.Format, 4);
            var (what, where) = spread.Estimates is null ? ("mean ", $" in {spread.Runs[i].Length} runs") : ("", "");
            var tooltip = $"{(spread.Name.Length > 0 ? spread.Name + ": " : "")}{ChartText.ValueX(chart, spread.X[i])}, {what}" +
                $"{Number(means[i])}, {Number(low)} to {Number(high)}{where}";
            svg.Path(Marker(color, x, frame.Y.Map(means[i]), 4.2), Palette.Fill(color), tooltip);
        }
    }

    /// <summary>
    /// Over a named category, the series that have a value there stand side by side, so that they do not hide one another.
    /// </summary>
    private static double Shift(SpreadSeries spread, double x, Chart chart, Frame frame)
    {
        if (chart.X.Categories is not { } names)
            return 0;
        var there = chart.Series.OfType<SpreadSeries>().Where(series => series.X.Contains(x)).ToList();
        return (there.IndexOf(spread) - (there.Count - 1) / 2.0) * Math.Min(16, frame.Width / names.Count / (there.Count + 1));
    }

    private static void Bins(Svg svg, Chart chart, Frame frame, List<string> names)
    {
        var histogram = Histogram.Of(chart);
        var series = chart.Series.OfType<HistogramSeries>().ToArray();
        var several = series.Length > 1;
        for (var s = 0; s < series.Length; s++)
        {
            InGroup(svg, chart.ColourOf(series[s].Name, names), color =>
            {
                var outline = new StringBuilder($"M{Svg.F(frame.X.Map(histogram.Edges[0]))} {Svg.F(frame.Bottom)}");
                svg.Open("g", Palette.Fill(color) + (several ? " fill-opacity=\"0.35\"" : ""));
                for (var b = 0; b < histogram.Counts[s].Length; b++)
                {
                    var count = histogram.Counts[s][b];
                    var (x0, x1) = (frame.X.Map(histogram.Edges[b]), frame.X.Map(histogram.Edges[b + 1]));
                    var y = frame.Y.Has(count) ? frame.Y.Map(count) : frame.Bottom;
                    var gap = several ? 0 : Math.Min(1, (x1 - x0) * 0.1);
                    outline.Append($"L{Svg.F(x0)} {Svg.F(y)}L{Svg.F(x1)} {Svg.F(y)}");
                    if (count > 0)
                    {
                        var range = $"{NumberText.Format(histogram.Edges[b], chart.X.Format, 4)} " +
                            $"to {NumberText.Format(histogram.Edges[b + 1], chart.X.Format, 4)}";
                        svg.Rect(x0 + gap / 2, y, x1 - x0 - gap, frame.Bottom - y, "",
                            $"{(several ? series[s].Name + ", " : "")}{range}: {NumberText.Plain(count)}");
                    }
                }
                svg.Close("g");
                if (several)
                    svg.Path(outline.Append($"L{Svg.F(frame.X.Map(histogram.Edges[^1]))} {Svg.F(frame.Bottom)}").ToString(),
                        Palette.Stroke(color, 1.5));
            });
        }
    }
}
