using System.Security.Cryptography;
using System.Text;

namespace Mezcla.Charts;

/// <summary>Draws a chart as SVG: header, axes, data, annotations, and the values that appear under the pointer.</summary>
internal static class ChartRenderer
{
    private const double TitleSize = 16, TextSize = 12.5;

    /// <summary>One SVG element with its own style and description.</summary>
    public static string Render(Chart chart, bool hover)
    {
        var body = new Svg();
        var height = Draw(body, chart, chart.Width, hover);
        return Wrap(body, chart.Width, height, chart.Title.Length > 0 ? chart.Title : "Chart", ChartText.Description(chart));
    }

    /// <summary>Writes the outer element: style, title, a description for readers who cannot see the picture, and background. Identifiers
    /// are derived from the content, so equal charts give equal text.</summary>
    /// <param name="body">The elements.</param>
    /// <param name="width">The width in pixels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="title">The name of the picture.</param>
    /// <param name="description">The description.</param>
    /// <param name="scripted">The classes that a script of the figure gives to elements, with blanks between them.</param>
    public static string Wrap(Svg body, double width, double height, string title, string description, string scripted = "")
    {
        var content = body.ToString();
        var back = $"<rect width=\"100%\" height=\"100%\" rx=\"6\" class=\"pa\" fill=\"{Palette.LightPaper}\"/>";
        var id = "mz" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..10];
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"mzc\" viewBox=\"0 0 {Svg.F(width)} {Svg.F(height)}\" " +
            $"width=\"{Svg.F(width)}\" height=\"{Svg.F(height)}\" " +
            $"style=\"max-width:100%;height:auto\" role=\"img\" aria-labelledby=\"{id}t {id}d\" font-family=\"sans-serif\">" +
            $"<title id=\"{id}t\">{Svg.Encode(title)}</title><desc id=\"{id}d\">{Svg.Encode(description)}</desc><style>" +
            $"{Palette.StyleFor($"{back}{content}class=\"{scripted}\"")}</style>" + back + content.Replace("@id", id) + "</svg>";
    }

    /// <summary>Draws a chart with a given width and returns its height.</summary>
    /// <param name="svg">The SVG that the chart is written to.</param>
    /// <param name="chart">The chart.</param>
    /// <param name="width">The available width.</param>
    /// <param name="hover">Whether to add the values that appear under the pointer.</param>
    /// <param name="small">Whether the chart is one of several and so has a smaller header and height.</param>
    public static double Draw(Svg svg, Chart chart, double width, bool hover, bool small = false)
    {
        var y = Header(svg, chart, width, small);
        var names = chart.Names.ToList();
        y = chart.Type == Chart.Kind.Heatmap ? HeatmapPainter.Key(svg, chart, width, y) : names.Count > 1
            ? Legend(svg, chart, names, width, y) : y;
        y += chart.Y.Label.Length > 0 && !chart.Horizontal || chart is { Horizontal: true, X.Label.Length: > 0 } ? 26 : 10;

        var frame = Frame.Of(chart, y, width, chart.Height ?? NaturalHeight(chart, y, small));
        var height = frame.Total;
        frame.Draw(svg, chart.Horizontal ? chart.Y.Label : chart.X.Label, chart.Horizontal ? chart.X.Label : chart.Y.Label);
        if (frame.Empty || chart.Series.Count == 0)
        {
            svg.Text((frame.Left + frame.Right) / 2, (frame.Top + frame.Bottom) / 2, "No data to draw",
                $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"14\" text-anchor=\"middle\"");
            return height;
        }

        // Each chart of a grid has its own clipping rectangle, so the identifier includes the frame.
        var clip = $"@id{Svg.F(frame.Left)}-{Svg.F(frame.Top)}-{Svg.F(frame.Right)}-{Svg.F(frame.Bottom)}".Replace('.', '_');
        svg.Raw(
            $"<clipPath id=\"{clip}\"><rect x=\"{Svg.F(frame.Left - 1)}\" y=\"{Svg.F(frame.Top - 5)}\" " +
                $"width=\"{Svg.F(frame.Width + 2)}\" height=\"{Svg.F(frame.Height + 6)}\"/></clipPath>");
        svg.Open("g", $"clip-path=\"url(#{clip})\"");
        AnnotationPainter.Regions(svg, chart, frame);
        if (chart.Type == Chart.Kind.Heatmap)
            HeatmapPainter.Draw(svg, chart, frame, hover);
        else if (chart.Type == Chart.Kind.Bars)
            BarPainter.Draw(svg, chart, frame, names);
        else
            SeriesPainter.Draw(svg, chart, frame, names);
        svg.Close("g");
        // A mark at the end of an axis is drawn whole.
        SeriesPainter.Marks(svg, chart, frame, names);
        AnnotationPainter.Lines(svg, chart, frame);
        if (hover)
            Readout.Draw(svg, chart, frame, names);
        return height;
    }

    private static double Header(Svg svg, Chart chart, double width, bool small)
    {
        var y = 12.0;
        var size = small ? 13.5 : TitleSize;
        foreach (var line in Svg.Wrap(chart.Title, width - 24, size * 1.06))
        {
            y += size + 4;
            svg.Text(12, y - 2, line, $"font-size=\"{Svg.F(size)}\" font-weight=\"600\" fill=\"{Palette.LightInk}\"");
        }
        foreach (var line in Svg.Wrap(chart.SubtitleText, width - 24, TextSize))
        {
            y += TextSize + 5;
            svg.Text(12, y, line, $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"{Svg.F(TextSize)}\"");
        }
        return y + 2;
    }

    private static double Legend(Svg svg, Chart chart, List<string> names, double width, double y)
    {
        var x = 12.0;
        y += 18;
        svg.Open("g", $"font-size=\"{Svg.F(TextSize)}\" fill=\"{Palette.LightInk}\"");
        for (var i = 0; i < names.Count; i++)
        {
            var name = Svg.Fit(names[i].Length > 0 ? names[i] : "(unnamed)", width - 60, TextSize);
            var room = 24 + Svg.WidthOf(name, TextSize) + 16;
            if (x > 12 && x + room > width - 4)
                (x, y) = (12, y + 20);
            var color = chart.ColourOf(names[i], names);
            svg.Open("g", $"class=\"l{color % Palette.Count}\"");
            SeriesPainter.Key(svg, chart.Series.Where(s => s.Name == names[i]), color, x, y - 4);
            svg.Text(x + 24, y, name, "");
            svg.Close("g");
            x += room;
        }
        svg.Close("g");
        return y + 4;
    }

    private static double? NaturalHeight(Chart chart, double top, bool small)
    {
        if (chart.Type == Chart.Kind.Heatmap)
            return null;
        if (chart is { Type: Chart.Kind.Bars, Horizontal: true })
        {
            var rows = Math.Max(chart.X.Categories?.Count ?? 1, 1) * (chart.Stacked ? 1 : Math.Max(chart.Series.Count, 1) * 0.75 + 0.25);
            return top + Math.Clamp(rows * 26, 60, 2000) + 50;
        }
        return top + (small ? 190 : 290);
    }
}
