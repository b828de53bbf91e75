using System.Globalization;
using System.Text;

namespace Mezcla.Charts;

/// <summary>Draws a table of numbers as shades of one colour, or of two colours with zero between them. Shades are opacities, so they work
/// on light and dark backgrounds.</summary>
internal static class HeatmapPainter
{
    private const int MostCells = 72, MostTooltips = 700, Levels = 40;
    private const double LargestCell = 44;

    /// <summary>The range of values that the shades stand for.</summary>
    public static (double Low, double High) Range(Chart chart)
    {
        var values = Heat(chart).Cast<double>().Where(double.IsFinite).ToArray();
        var (low, high) = values.Length == 0 ? (0, 1) : (values.Min(), values.Max());
        if (chart.Diverging)
        {
            high = chart.Y.Max ?? Math.Max(Math.Abs(low), Math.Abs(high));
            return (-high, high);
        }
        // For values such as weights and counts, zero is uncoloured; other values use the whole range of shades.
        low = chart.Y.Min ?? (low > 0 && low < high * 0.5 ? 0 : low);
        return (low, chart.Y.Max ?? high);
    }

    /// <summary>The size of the table on the page. Cells are square unless the picture would become too flat or too narrow.</summary>
    public static (double Width, double Height) Size(Chart chart, double width)
    {
        var (rows, columns) = (Math.Max(Heat(chart).GetLength(0), 1), Math.Max(Heat(chart).GetLength(1), 1));
        var cell = Math.Min(width / columns, LargestCell);
        // A very flat or very narrow table is stretched until its labels can be read.
        var height = Math.Clamp(rows * cell, Math.Min(rows * 14, 500), 640);
        return (chart.ShowValues ? width : Math.Min(width, Math.Max(cell * columns, Math.Min(columns * 18, width))), height);
    }

    /// <summary>Draws the cells.</summary>
    /// <param name="svg">Where to.</param>
    /// <param name="chart">The heat map.</param>
    /// <param name="frame">The axes.</param>
    /// <param name="hover">Whether each cell of a small table shows its value under the pointer.</param>
    public static void Draw(Svg svg, Chart chart, Frame frame, bool hover)
    {
        var (values, rowsInCell, columnsInCell) = Reduce(Heat(chart));
        var (rows, columns) = (values.GetLength(0), values.GetLength(1));
        var (low, high) = Range(chart);
        var (height, width) = (frame.Height / rows, frame.Width / columns);
        var gap = width > 8 && height > 8 ? 1 : 0;
        var alone = hover && rows * columns <= MostTooltips && rowsInCell * columnsInCell == 1;
        // Cells without a tooltip are drawn together, with one path for each shade.
        var together = new SortedDictionary<int, StringBuilder>();

        svg.Open("g", $"class=\"ht\" fill=\"{Palette.LightHeat}\"");
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                var v = values[i, j];
                if (!double.IsFinite(v))
                    continue;
                var (x, y) = (frame.Left + j * width, frame.Top + i * height);
                var shade = Shade(v, low, high, chart.Diverging);
                if (alone)
                {
                    var tooltip = $"{chart.Y.Categories![i]}, {chart.X.Categories![j]}: {NumberText.Format(v, chart.Y.Format, 4)}";
                    svg.Rect(x, y, width - gap, height - gap, Fill(shade, chart.Diverging && v < 0), tooltip);
                    continue;
                }

                var level = (int)Math.Round(shade * Levels) * (v < 0 && chart.Diverging ? -1 : 1);
                if (level == 0)
                    continue;
                if (!together.TryGetValue(level, out var path))
                    together[level] = path = new();
                path.Append($"M{Svg.F(x)} {Svg.F(y)}h{Svg.F(width - gap)}v{Svg.F(height - gap)}h{Svg.F(gap - width)}z");
            }
        }
        foreach (var (level, path) in together)
            svg.Path(path.ToString(), Fill(Math.Abs(level) / (double)Levels, level < 0));
        svg.Close("g");
        if (chart.ShowValues && width >= 26 && height >= 14)
            Numbers(svg, chart, frame, values, width, height, gap);
    }

    /// <summary>Draws the colour scale with its values.</summary>
    public static double Key(Svg svg, Chart chart, double width, double y)
    {
        var (low, high) = Range(chart);
        const double size = 12;
        var strip = Math.Min(130, width / 3);
        var lowText = NumberText.Format(low, chart.Y.Format);
        var x = 12 + Svg.WidthOf(lowText, size) + 6;
        y += 18;
        svg.Raw("<linearGradient id=\"@idg\">");
        if (chart.Diverging)
        {
            svg.Raw(
                $"<stop offset=\"0\" class=\"cs\" stop-color=\"{Palette.LightCold}\"/><stop offset=\"0.5\" class=\"cs\" " +
                    $"stop-color=\"{Palette.LightCold}\" stop-opacity=\"0\"/>");
            svg.Raw($"<stop offset=\"0.5\" class=\"hs\" stop-color=\"{Palette.LightHeat}\" stop-opacity=\"0\"/>");
        }
        else
        {
            svg.Raw($"<stop offset=\"0\" class=\"hs\" stop-color=\"{Palette.LightHeat}\" stop-opacity=\"0\"/>");
        }
        svg.Raw($"<stop offset=\"1\" class=\"hs\" stop-color=\"{Palette.LightHeat}\"/></linearGradient>");
        svg.Text(12, y, lowText, $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"{size}\"");
        svg.Rect(x, y - 10, strip, 11, $"fill=\"url(#@idg)\" stroke=\"{Palette.LightGrid}\" class=\"gr\"");
        var (_, rows, columns) = Reduce(Heat(chart));
        var reduced = rows * columns > 1 ? $"; each cell is the mean of {rows}×{columns} values" : "";
        svg.Text(x + strip + 6, y, NumberText.Format(high, chart.Y.Format) + reduced,
            $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"{size}\"");
        return y + 4;
    }

    private static double[,] Heat(Chart chart) => ((HeatSeries)chart.Series[0]).Values;

    private static string Fill(double shade, bool cold) =>
        $"fill-opacity=\"{shade.ToString("0.##", CultureInfo.InvariantCulture)}\"" +
            (cold ? $" class=\"cd\" fill=\"{Palette.LightCold}\"" : "");

    private static void Numbers(Svg svg, Chart chart, Frame frame, double[,] values, double width, double height, double gap)
    {
        var (low, high) = Range(chart);
        for (var i = 0; i < values.GetLength(0); i++)
        {
            for (var j = 0; j < values.GetLength(1); j++)
            {
                if (!double.IsFinite(values[i, j]))
                    continue;
                var text = NumberText.Format(values[i, j], chart.Y.Format, 2);
                var size = Math.Clamp(Math.Min(height * 0.5, (width - 4) / Math.Max(Svg.WidthOf(text, 1), 0.1)), 7, 12);
                // On dark shades, text in the background colour is easier to read than text in the foreground colour.
                var ink = Shade(values[i, j], low, high, chart.Diverging) > 0.6
                    ? $"fill=\"{Palette.LightPaper}\" style=\"fill:var(--p)\""
                    : $"fill=\"{Palette.LightInk}\"";
                svg.Text(frame.Left + j * width + (width - gap) / 2, frame.Top + (i + 0.5) * height + size * 0.35, text,
                    $"{ink} font-size=\"{Svg.F(size)}\" text-anchor=\"middle\" pointer-events=\"none\"");
            }
        }
    }

    private static double Shade(double value, double low, double high, bool diverging)
    {
        var part = diverging ? Math.Abs(value) / (high == 0 ? 1 : high) : (value - low) / (high == low ? 1 : high - low);
        return Math.Clamp(part, 0, 1);
    }

    /// <summary>Reduces a table that is too large to draw cell by cell to a smaller table of means.</summary>
    private static (double[,] Values, int Rows, int Columns) Reduce(double[,] values)
    {
        var (rows, columns) = ((values.GetLength(0) + MostCells - 1) / MostCells, (values.GetLength(1) + MostCells - 1) / MostCells);
        if (rows <= 1 && columns <= 1)
            return (values, 1, 1);
        var reduced = new double[(values.GetLength(0) + rows - 1) / rows, (values.GetLength(1) + columns - 1) / columns];
        for (var i = 0; i < reduced.GetLength(0); i++)
        {
            for (var j = 0; j < reduced.GetLength(1); j++)
            {
                var (sum, count) = (0.0, 0);
                for (var r = i * rows; r < Math.Min((i + 1) * rows, values.GetLength(0)); r++)
                {
                    for (var c = j * columns; c < Math.Min((j + 1) * columns, values.GetLength(1)); c++)
                    {
                        if (double.IsFinite(values[r, c]))
                            (sum, count) = (sum + values[r, c], count + 1);
                    }
                }
                reduced[i, j] = count == 0 ? double.NaN : sum / count;
            }
        }
        return (reduced, rows, columns);
    }
}
