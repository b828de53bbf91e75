namespace Mezcla.Charts;

/// <summary>The range of numbers that an axis shows.</summary>
internal readonly record struct Domain(double Min, double Max, bool Log, bool Empty)
{
    /// <summary>The range of the x axis of a chart whose x values are numbers.</summary>
    public static Domain OfX(Chart chart)
    {
        if (chart.Type == Chart.Kind.Histogram)
        {
            var edges = Histogram.Of(chart).Edges;
            return Of(edges, chart.X, pad: 0, fromZero: false);
        }
        var values = chart.Series.SelectMany(s => s.Xs).Concat(chart.Annotations.SelectMany(a => new[] { a.X, a.XEnd }));
        var dots = chart.Type == Chart.Kind.Scatter || chart.Series.All(s => s is PointSeries or SpreadSeries);
        return Of(values, chart.X, dots ? 0.04 : 0, fromZero: false);
    }

    /// <summary>The range of the y axis of a chart; for horizontal bars, of the axis that shows their lengths.</summary>
    public static Domain OfY(Chart chart)
    {
        var values = chart.Type switch
        {
            Chart.Kind.Histogram => Histogram.Of(chart).Counts.SelectMany(c => c).Select(c => (double)c).Append(0),
            Chart.Kind.Bars when chart.Stacked => Stacks(chart),
            _ => chart.Series.SelectMany(s => s.Ys),
        };
        values = values.Concat(chart.Annotations.Select(a => a.Y));
        var fromZero = chart.Type is Chart.Kind.Bars or Chart.Kind.Histogram or Chart.Kind.Areas;
        // The value of a bar is written above it, that of a negative one below it.
        var upright = chart is { Type: Chart.Kind.Bars, Horizontal: false, Stacked: false };
        return Of(values, chart.Y, pad: upright ? 0.09 : 0.05, fromZero, below: upright ? 0.11 : 0.05);
    }

    private static Domain Of(IEnumerable<double> values, AxisSettings axis, double pad, bool fromZero, double? below = null)
    {
        var log = axis.Log;
        var usable = values.Where(v => Scale.Drawable(v, log)).ToArray();
        var empty = usable.Length == 0;
        var (min, max) = empty ? (log ? (1, 10) : (0, 1)) : (usable.Min(), usable.Max());
        if (log)
        {
            if (max / min < 1.01)
                (min, max) = (min / 1.5, max * 1.5);
            var factor = Math.Pow(max / min, pad);
            (min, max) = (min / factor, max * factor);
        }
        else
        {
            if (max - min <= Math.Max(Math.Abs(max), Math.Abs(min)) * 1e-9 || max - min < 1e-280)
            {
                var room = Math.Abs(max) < 1e-280 ? 1 : Math.Abs(max) * 0.1;
                (min, max) = (fromZero && min > 0 ? min : min - room, fromZero && max < 0 ? max : max + room);
            }
            var margin = (max - min) * pad;
            // The margin must not cross zero: an axis of counts that begins at -0.1 looks wrong.
            min = min >= 0 && min - margin < 0 ? 0 : min - (max - min) * (below ?? pad);
            max = max <= 0 && max + margin > 0 ? 0 : max + margin;
            if (fromZero)
                (min, max) = (Math.Min(min < 0 ? min : 0, 0), Math.Max(max, 0));
        }
        min = axis.Min is { } low && Scale.Drawable(low, log) ? low : min;
        max = axis.Max is { } high && Scale.Drawable(high, log) ? high : max;
        if (min > max)
            (min, max) = (max, min);
        if (min == max)
            (min, max) = log ? (min / 2, max * 2) : (min - 1, max + 1);
        return new(min, max, log, empty);
    }

    private static IEnumerable<double> Stacks(Chart chart)
    {
        yield return 0;
        for (var i = 0; i < (chart.X.Categories?.Count ?? 0); i++)
        {
            var column = chart.Series.OfType<BarSeries>().Select(s => i < s.Values.Length && double.IsFinite(s.Values[i]) ? s.Values[i] : 0)
                .ToArray();
            yield return column.Where(v => v > 0).Sum();
            yield return column.Where(v => v < 0).Sum();
        }
    }
}
