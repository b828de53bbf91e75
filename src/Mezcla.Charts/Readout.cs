namespace Mezcla.Charts;

/// <summary>
/// The values that appear when the pointer is over lines and areas: a vertical rule, a dot on each line, and the values above the plot. The
/// plot is divided into columns that CSS shows when the pointer is over them; there is no script, so it works in every notebook and page.
/// </summary>
internal static class Readout
{
    private const int MostColumns = 48, MostValues = 6;

    public static void Draw(Svg svg, Chart chart, Frame frame, List<string> names)
    {
        var curves = chart.Series.Where(s => s is LineSeries or BandSeries { Layer: true }).ToArray();
        var xs = curves.SelectMany(s => s.Xs).Where(x => frame.X.Has(x) && IsInPlot(frame.X.Map(x), frame)).Distinct().Order().ToArray();
        if (xs.Length == 0 || chart.Type is Chart.Kind.Bars or Chart.Kind.Heatmap)
            return;
        xs = Spread(xs, frame);
        svg.Open("g", "font-size=\"12\"");
        for (var i = 0; i < xs.Length; i++)
        {
            var x = frame.X.Map(xs[i]);
            var left = i == 0 ? frame.Left : (frame.X.Map(xs[i - 1]) + x) / 2;
            var right = i == xs.Length - 1 ? frame.Right : (x + frame.X.Map(xs[i + 1])) / 2;
            Column(svg, chart, frame, names, curves, xs[i], left, right);
        }
        svg.Close("g");
    }

    private static void Column(Svg svg, Chart chart, Frame frame, List<string> names, Series[] curves, double at, double left, double right)
    {
        var x = frame.X.Map(at);
        svg.Open("g", "class=\"hv\"");
        svg.Rect(left, frame.Top, right - left, frame.Height, "");
        svg.Line(x, frame.Top, x, frame.Bottom, "class=\"ax\"");
        var words = new Svg();
        var (shown, hidden) = (0, 0);
        var place = $"{chart.X.Label} {ChartText.ValueX(chart, at)}".Trim();
        var room = frame.Right - Svg.WidthOf(place, 12) - Svg.WidthOf("  and 99 more", 12);
        foreach (var curve in curves)
        {
            var (value, height) = ValueAt(curve, at);
            if (!frame.Y.Has(height))
                continue;
            var color = chart.ColourOf(curve.Name, names);
            svg.Circle(x, frame.Y.Map(height), 3.5, $"class=\"f{color % Palette.Count}\"");
            var text = $"{Svg.Fit(curve.Name, 110, 12)} {NumberText.Format(value, chart.Y.Format, 4)}";
            room -= Svg.WidthOf("  " + text, 12);
            if (hidden > 0 || shown == MostValues || (shown > 0 && room < 0))
            {
                hidden++;
                continue;
            }
            shown++;
            words.Raw($"  <tspan class=\"t{color % Palette.Count}\">{Svg.Encode(text)}</tspan>");
        }
        if (hidden > 0)
            words.Raw($"  and {hidden} more");
        svg.Raw(
            $"<text x=\"{Svg.F(frame.Right)}\" y=\"{Svg.F(frame.Top - 12)}\" text-anchor=\"end\" " +
                $"class=\"ha\">{Svg.Encode(place)}{words}</text>");
        svg.Close("g");
    }

    /// <summary>Selects x values that are spread about evenly over the page.</summary>
    private static double[] Spread(double[] xs, Frame frame)
    {
        if (xs.Length <= MostColumns)
            return xs;
        return [.. xs.GroupBy(x => (int)((frame.X.Map(x) - frame.Left) / frame.Width * (MostColumns - 1)))
            .Select(g => g.ElementAt(g.Count() / 2))];
    }

    /// <summary>The value of a curve at an x, and the height at which its dot is drawn; NaN if the curve has no value there.</summary>
    private static (double Value, double Height) ValueAt(Series curve, double x)
    {
        var xs = curve is LineSeries l ? l.X : ((BandSeries)curve).X;
        var i = Array.IndexOf(xs, x);
        return i < 0 ? (double.NaN, double.NaN) : curve switch
        {
            LineSeries line => (line.Y[i], line.Y[i]),
            BandSeries band => (band.High[i] - band.Low[i], band.High[i]),
            _ => (double.NaN, double.NaN),
        };
    }

    private static bool IsInPlot(double x, Frame frame) => x >= frame.Left - 0.5 && x <= frame.Right + 0.5;
}
