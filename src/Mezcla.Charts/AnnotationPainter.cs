namespace Mezcla.Charts;

/// <summary>Draws levels, marks, regions and notes. Their text has an outline in the background colour, so that it can be read on top of
/// data.</summary>
internal static class AnnotationPainter
{
    private const double Size = 12;
    private const string Words = $"class=\"ha\" fill=\"{Palette.LightInk}\" font-size=\"12\"";
    private const string Dashes =
        $"class=\"ax\" fill=\"none\" stroke=\"{Palette.LightMuted}\" stroke-width=\"1.3\" stroke-dasharray=\"5 4\"";

    /// <summary>The width that the names of levels need to the right of upright bars, which would be hidden under them otherwise.</summary>
    public static double RoomForLevels(Chart chart, double width) => !NamesBeside(chart) ? 0 : Math.Min(width * 0.3,
        chart.Annotations.Where(note => note.IsLevel).Select(note => Svg.WidthOf(note.Text, Size)).DefaultIfEmpty(0).Max());

    public static void Regions(Svg svg, Chart chart, Frame frame)
    {
        foreach (var region in chart.Annotations.Where(a => a.IsRegion && frame.X.Has(a.X) && frame.X.Has(a.XEnd)))
        {
            var (x0, x1) =
                (Math.Min(frame.X.Map(region.X), frame.X.Map(region.XEnd)), Math.Max(frame.X.Map(region.X), frame.X.Map(region.XEnd)));
            svg.Rect(x0, frame.Top, x1 - x0, frame.Height, $"class=\"mu\" fill=\"{Palette.LightMuted}\" opacity=\"0.12\"");
        }
    }

    public static void Lines(Svg svg, Chart chart, Frame frame)
    {
        var row = 0;
        foreach (var note in chart.Annotations.Where(n => Visible(n, chart, frame)))
        {
            var width = Svg.WidthOf(note.Text, Size);
            if (note.IsRegion)
            {
                svg.Text(Math.Clamp(Math.Min(frame.X.Map(note.X), frame.X.Map(note.XEnd)) + 5, frame.Left,
                    Math.Max(frame.Right - width, frame.Left)), frame.Top + 14, note.Text, Words);
            }
            else if (note.IsPoint && frame.X.Has(note.X) && frame.Y.Has(note.Y))
            {
                var (x, y) = (frame.X.Map(note.X), frame.Y.Map(note.Y));
                if (!HasMark(chart, note))
                    svg.Circle(x, y, 4.5, $"class=\"ax\" fill=\"none\" stroke=\"{Palette.LightMuted}\" stroke-width=\"1.6\"");
                NoteText(svg, chart, frame, x, y, note.Text, width);
            }
            else if (note.IsLevel && Level(chart, frame) is { } scale && scale.Has(note.Y))
            {
                if (chart.Horizontal)
                {
                    var at = scale.Map(note.Y);
                    Clear(svg, chart, at, frame.Top, at, frame.Bottom);
                    Vertical(svg, frame, at, note.Text, width, row++);
                    continue;
                }
                var y = scale.Map(note.Y);
                Clear(svg, chart, frame.Left, y, frame.Right, y);
                svg.Line(frame.Left, y, frame.Right, y, Dashes);
                if (NamesBeside(chart))
                    svg.Text(frame.Right + 5, y + 4, note.Text, Words);
                else
                    LevelName(svg, chart, frame, y, note.Text, width);
            }
            else if (!note.IsPoint && frame.X.Has(note.X))
            {
                Vertical(svg, frame, frame.X.Map(note.X), note.Text, width, row++);
            }
        }
    }

    /// <summary>False for annotations that lie outside the fixed range of an axis.</summary>
    private static bool Visible(Annotation note, Chart chart, Frame frame)
    {
        var (x, y) = chart.Horizontal ? (note.Y, note.X) : (note.X, note.Y);
        return (double.IsNaN(x) || note.IsRegion
            || (frame.X.Has(x) && frame.X.Map(x) >= frame.Left - 1 && frame.X.Map(x) <= frame.Right + 1))
            && (double.IsNaN(y) || (frame.Y.Has(y) && frame.Y.Map(y) >= frame.Top - 1 && frame.Y.Map(y) <= frame.Bottom + 1));
    }

    /// <summary>Whether a series already draws a mark at the place of a note, so that it needs none of its own.</summary>
    private static bool HasMark(Chart chart, Annotation note)
    {
        return chart.Series.Any(series => series switch
        {
            PointSeries points => Has(points.X, points.Y),
            SpreadSeries spread => Has(spread.X, spread.Means),
            LineSeries { Markers: true } line => Has(line.X, line.Y),
            _ => false,
        });

        bool Has(double[] xs, double[] ys) => xs.Zip(ys).Any(point => point.First == note.X && point.Second == note.Y);
    }

    /// <summary>Writes the text of a note beside its point, at the corner where the fewest data lie under it.</summary>
    private static void NoteText(Svg svg, Chart chart, Frame frame, double x, double y, string text, double width)
    {
        var places = from above in (bool[])[true, false]
                     from right in (bool[])[true, false]
                     let left = right ? x + 9 : x - 9 - width
                     let line = above ? y - 9 : y + 18
                     where left >= frame.Left - 4 && left + width <= frame.Right + 4 && line - 11 >= frame.Top && line <= frame.Bottom
                     select (left, line, Hidden: Hidden(chart, frame, left, line - 11, left + width, line + 3));
        var (at, baseline, _) = places.DefaultIfEmpty((left: x + 9, line: y - 9, Hidden: 0)).MinBy(place => place.Hidden);
        svg.Text(at, baseline, text, Words);
    }

    private static bool NamesBeside(Chart chart) => chart is { Type: Chart.Kind.Bars, Horizontal: false };

    /// <summary>Writes the name of a level above or below its line, at the end where the fewest data lie under it.</summary>
    private static void LevelName(Svg svg, Chart chart, Frame frame, double y, string text, double width)
    {
        var places = from right in (bool[])[true, false]
                     from above in (bool[])[true, false]
                     let x = right ? frame.Right - 4 - width : frame.Left + 4
                     let line = above ? y - 6 : y + 15
                     where line >= frame.Top + 8 && line <= frame.Bottom
                     select (x, line, Hidden: Hidden(chart, frame, x, line - 11, x + width, line + 3));
        var (left, baseline, _) = places.DefaultIfEmpty((x: frame.Right - 4 - width, line: y + 15, Hidden: 0)).MinBy(place => place.Hidden);
        svg.Text(left, baseline, text, Words);
    }

    /// <summary>How many points and pieces of lines lie in a rectangle.</summary>
    private static int Hidden(Chart chart, Frame frame, double left, double top, double right, double bottom)
    {
        var count = 0;
        foreach (var series in chart.Series)
        {
            var (xs, ys) = series switch
            {
                LineSeries line => (line.X, line.Y),
                PointSeries points => (points.X, points.Y),
                SpreadSeries spread => Whole(spread),
                _ => ([], []),
            };
            (double X, double Y)? last = null;
            for (var i = 0; i < xs.Length; i++)
            {
                if (!frame.X.Has(xs[i]) || !frame.Y.Has(ys[i]))
                {
                    last = null;
                    continue;
                }
                (double X, double Y) at = (frame.X.Map(xs[i]), frame.Y.Map(ys[i]));
                count += IsInside(at) ? 1 : 0;
                // A line between two points that are far apart counts where it crosses.
                for (var part = 1; part < 20 && series is LineSeries && last is { } from; part++)
                    count += IsInside((from.X + (at.X - from.X) * part / 20, from.Y + (at.Y - from.Y) * part / 20)) ? 1 : 0;
                last = at;
            }
        }
        return count;

        // The dots of a spread and the ends of its intervals.
        static (double[] X, double[] Y) Whole(SpreadSeries spread) => ([.. spread.X, .. spread.X, .. spread.X],
            [.. spread.Means, .. spread.Runs.Select(runs => runs.Min()), .. spread.Runs.Select(runs => runs.Max())]);

        bool IsInside((double X, double Y) point) => point.X >= left && point.X <= right && point.Y >= top && point.Y <= bottom;
    }

    // Grey dashes can hardly be seen on a bar, so they get a ground in the colour of the page.
    private static void Clear(Svg svg, Chart chart, double x1, double y1, double x2, double y2)
    {
        if (chart is { Type: Chart.Kind.Bars } and ({ Horizontal: true } or { Stacked: true }))
            svg.Line(x1, y1, x2, y2, $"class=\"ps\" stroke=\"{Palette.LightPaper}\" stroke-width=\"3\"");
    }

    private static Scale? Level(Chart chart, Frame frame) => (chart.Horizontal ? frame.X : frame.Y) as NumberScale;

    /// <summary>Draws a vertical line. The label of each further line is one row lower, so that the labels of neighbouring lines do not
    /// overlap.</summary>
    private static void Vertical(Svg svg, Frame frame, double x, string text, double width, int row)
    {
        svg.Line(x, frame.Top, x, frame.Bottom, Dashes);
        var toLeft = x + 6 + width > frame.Right;
        svg.Text(x + (toLeft ? -6 : 6), frame.Top + 12 + 16 * (row % 6), text, $"{Words} text-anchor=\"{(toLeft ? "end" : "start")}\"");
    }
}
