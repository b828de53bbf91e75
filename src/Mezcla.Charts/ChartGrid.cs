namespace Mezcla.Charts;

/// <summary>Several small charts as one picture, to be compared: one for each layer, head or expert.</summary>
public sealed class ChartGrid
{
    private const double Gap = 10;

    /// <summary>Arranges charts in rows and columns.</summary>
    /// <param name="charts">The charts, row by row.</param>
    /// <param name="columns">The number of charts in a row.</param>
    /// <param name="title">The title of the whole picture.</param>
    /// <param name="sameY">Whether all charts have the same y range (or the same shades, if they are heat maps), so that they can be
    /// compared.</param>
    /// <param name="width">The width of the whole picture in pixels.</param>
    public ChartGrid(IEnumerable<Chart> charts, int columns = 3, string title = "", bool sameY = false, double width = 860)
    {
        ArgumentNullException.ThrowIfNull(charts);
        Charts = [.. charts];
        Columns = Math.Clamp(columns, 1, Math.Max(Charts.Count, 1));
        Title = title;
        Width = Math.Clamp(width, 200, 4000);
        if (!sameY || Charts.Count == 0)
            return;
        var heat = Charts.All(c => c.Type == Chart.Kind.Heatmap);
        var ranges = Charts.Select(c => heat ? HeatmapPainter.Range(c) : (Low: Domain.OfY(c).Min, High: Domain.OfY(c).Max)).ToArray();
        foreach (var chart in Charts)
            chart.YRange(ranges.Min(r => r.Item1), ranges.Max(r => r.Item2));
    }

    /// <summary>The charts, row by row.</summary>
    public IReadOnlyList<Chart> Charts { get; }

    /// <summary>The number of charts in a row.</summary>
    public int Columns { get; }

    /// <summary>The title of the whole picture.</summary>
    public string Title { get; }

    /// <summary>The width of the whole picture in pixels.</summary>
    public double Width { get; }

    /// <summary>The number of rows.</summary>
    public int Rows => (Charts.Count + Columns - 1) / Columns;

    /// <summary>The charts as one SVG element.</summary>
    public string ToSvg() => Render(hover: false);

    /// <summary>The charts in words, one after the other.</summary>
    public string ToText() => string.Join("\n\n", Charts.Select(ChartText.Plain).Prepend(Title).Where(t => t.Length > 0));

    /// <summary>The charts in all forms that a notebook may need, by MIME type.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => new Dictionary<string, string>
    {
        ["text/html"] = Chart.HtmlFrame(Render(hover: true), Width),
        ["image/svg+xml"] = ToSvg(),
        ["text/plain"] = ToText(),
    };

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Render(bool hover)
    {
        var body = new Svg();
        var y = 6.0;
        foreach (var line in Svg.Wrap(Title, Width - 24, 17))
        {
            y += 21;
            body.Text(12, y, line, $"font-size=\"16\" font-weight=\"600\" fill=\"{Palette.LightInk}\"");
        }
        var cell = (Width - Gap * (Columns - 1)) / Columns;
        for (var row = 0; row < Rows; row++)
        {
            var charts = Charts.Skip(row * Columns).Take(Columns).ToArray();
            var tallest = 0.0;
            for (var i = 0; i < charts.Length; i++)
            {
                var part = new Svg();
                var height = ChartRenderer.Draw(part, charts[i], cell, hover, small: true);
                var index = row * Columns + i;
                body.Raw(
                    $"<g transform=\"translate({Svg.F(i * (cell + Gap))} {Svg.F(y)})\">" +
                        $"{part.ToString().Replace("@id", $"@id{index}-")}</g>");
                tallest = Math.Max(tallest, height);
            }
            y += tallest + 4;
        }
        if (Charts.Count == 0)
        {
            y += 30;
            body.Text(12, y, "No charts", $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"14\"");
        }
        var description = Charts.Count == 0 ? "No charts." : $"{Charts.Count} charts. " + string.Join(" ",
            Charts.Take(16).Select(c => $"{(c.Title.Length > 0 ? c.Title + ": " : "")}{ChartText.Description(c)}"));
        return ChartRenderer.Wrap(body, Width, y + 8, Title.Length > 0 ? Title : "Charts", description);
    }
}
