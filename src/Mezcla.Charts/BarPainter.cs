namespace Mezcla.Charts;

/// <summary>Draws vertical or horizontal bars, side by side or stacked.</summary>
internal static class BarPainter
{
    private const int MostLabels = 30;
    private const double LabelSize = 11.5;

    public static void Draw(Svg svg, Chart chart, Frame frame, List<string> names)
    {
        var series = chart.Series.OfType<BarSeries>().ToArray();
        var categories = chart.X.Categories!;
        var along = (CategoryScale)(chart.Horizontal ? frame.Y : frame.X);
        var value = (NumberScale)(chart.Horizontal ? frame.X : frame.Y);
        var slots = chart.Stacked ? 1 : series.Length;
        var room = Math.Min(along.Band * 0.78, 76.0 * slots);
        var thick = room / slots;
        // Each bar of a stack begins where the one before ended; positive and negative values are stacked separately.
        var (above, below) = (new double[categories.Count], new double[categories.Count]);
        var zero = value.Map(value.IsLog ? value.Min : Math.Clamp(0, value.Min, value.Max));
        // Label every visible bar or none: if only a few of many bars had labels, they would look like a deliberate choice.
        var texts = Labels([.. series.SelectMany(s => s.Values).Where(value.Has).Distinct()], chart.Y.Format);
        bool Fits(double v) => chart.Horizontal ? thick >= LabelSize : Svg.WidthOf(texts[v], LabelSize) <= thick + 6;
        var labels = !chart.Stacked && series.Length * categories.Count <= MostLabels
            && series.SelectMany(s => s.Values).Where(value.Has).All(v => Fits(v) || Math.Abs(value.Map(v) - zero) < 2)
            && (chart.Horizontal || !Neighbours().Any(Touch));

        // The labels of two neighbouring bars of nearly the same height must not overlap.
        IEnumerable<(double Left, double Right)> Neighbours() => series.Zip(series.Skip(1))
            .SelectMany(p => p.First.Values.Zip(p.Second.Values)).Where(p => value.Has(p.First) && value.Has(p.Second));
        bool Touch((double Left, double Right) pair) => Math.Abs(value.Map(pair.Left) - value.Map(pair.Right)) < LabelSize
            && (Svg.WidthOf(texts[pair.Left], LabelSize) + Svg.WidthOf(texts[pair.Right], LabelSize)) / 2 > thick + 2;

        for (var s = 0; s < series.Length; s++)
        {
            var name = series[s].Name;
            SeriesPainter.InGroup(svg, chart.ColourOf(name, names), color =>
            {
                for (var c = 0; c < Math.Min(categories.Count, series[s].Values.Length); c++)
                {
                    var v = series[s].Values[c];
                    if (!value.Has(v))
                        continue;
                    var (from, to) = (zero, value.Map(v));
                    if (chart.Stacked)
                    {
                        ref var end = ref (v >= 0 ? ref above[c] : ref below[c]);
                        (from, to) = (value.Has(end) ? value.Map(end) : zero, value.Map(end + v));
                        end += v;
                    }
                    var start = along.Map(c) - room / 2 + (chart.Stacked ? 0 : s * thick);
                    Bar(svg, chart, from, to, start, thick - Math.Min(1.5, thick * 0.1), Palette.Fill(color),
                        $"{categories[c]}{(name.Length > 0 ? ", " + name : "")}: {NumberText.Format(v, chart.Y.Format, 4)}");
                    if (labels && Fits(v))
                        Label(svg, chart, frame, texts[v], to, start + thick / 2, v < 0);
                }
            });
        }
        if (!value.IsLog && value.Min < 0)
        {
            var line = $"class=\"ax\" fill=\"none\" stroke=\"{Palette.LightMuted}\"";
            if (chart.Horizontal)
                svg.Line(zero, frame.Top, zero, frame.Bottom, line);
            else
                svg.Line(frame.Left, zero, frame.Right, zero, line);
        }
    }

    /// <summary>The values as text, with the same number of decimals where that is one or two: 1.50 beside 1.26.</summary>
    private static Dictionary<double, string> Labels(double[] values, AxisFormat format)
    {
        var texts = values.ToDictionary(v => v, v => NumberText.Format(v, format));
        if (!texts.Values.All(text => text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '−')))
            return texts;
        var decimals = texts.Values.Select(Decimals).DefaultIfEmpty(0).Max();
        if (decimals is not (1 or 2))
            return texts;
        foreach (var v in values.Where(v => v != 0))
        {
            var text = texts[v].Contains('.') ? texts[v] : texts[v] + ".";
            texts[v] = text + new string('0', decimals - Decimals(text));
        }
        return texts;

        static int Decimals(string text) => text.Contains('.') ? text.Length - 1 - text.IndexOf('.') : 0;
    }

    private static void Bar(Svg svg, Chart chart, double from, double to, double start, double thick, string fill, string tooltip)
    {
        var (low, length) = (Math.Min(from, to), Math.Abs(to - from));
        if (chart.Horizontal)
            svg.Rect(low, start, length, thick, fill, tooltip);
        else
            svg.Rect(start, low, thick, length, fill, tooltip);
    }

    private static void Label(Svg svg, Chart chart, Frame frame, string text, double end, double middle, bool negative)
    {
        const string Attributes = $"class=\"ha\" fill=\"{Palette.LightInk}\" font-size=\"11.5\"";
        if (!chart.Horizontal)
        {
            svg.Text(middle, negative ? end + 13 : Math.Max(end - 5, frame.Top + 8), text, $"{Attributes} text-anchor=\"middle\"");
            return;
        }
        var width = Svg.WidthOf(text, LabelSize);
        var inside = !negative && end + width + 8 > frame.Right || negative && end - width - 8 < frame.Left;
        if (inside)
            svg.Text(end + (negative ? 6 : -6), middle + 4, text,
                $"class=\"pa\" fill=\"{Palette.LightPaper}\" font-size=\"11.5\" style=\"fill:var(--p)\" " +
                    $"text-anchor=\"{(negative ? "start" : "end")}\"");
        else
            svg.Text(end + (negative ? -5 : 5), middle + 4, text, $"{Attributes} text-anchor=\"{(negative ? "end" : "start")}\"");
    }
}
