using System.Globalization;

namespace Mezcla.Charts;

/// <summary>A small table of numbers in a diagram, drawn as coloured squares.</summary>
internal sealed class DiagramCells
{
    private const double NameSize = 11.5;

    private readonly double[,] _values;
    private readonly double _size, _largest;
    private readonly string[]? _rows, _columns;
    private readonly string? _format;

    /// <exception cref="ArgumentException">The number of names is not the number of rows or columns.</exception>
    public DiagramCells(double[,] values, double size, string[]? rows, string[]? columns, double? largest, string? format)
    {
        Check(rows, values.GetLength(0), "rows");
        Check(columns, values.GetLength(1), "columns");
        (_values, _size, _rows, _columns, _format) = (values, size, rows, columns, format);
        _largest = largest ?? values.Cast<double>().Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max();
    }

    public void Draw(Svg svg, double x, double y)
    {
        // What squares and numbers have in common stands once, in a group: pictures are most of a notebook.
        svg.Open("g", $"class=\"gr\" stroke=\"{Palette.LightGrid}\"");
        Each((i, j) => Square(svg, x + j * _size, y + i * _size, _values[i, j]));
        svg.Close("g");
        if (_format is not null)
        {
            svg.Open("g", $"fill=\"{Palette.LightInk}\" text-anchor=\"middle\" pointer-events=\"none\"");
            Each((i, j) => Number(svg, x + j * _size, y + i * _size, _values[i, j]));
            svg.Close("g");
        }
        for (var i = 0; i < (_rows?.Length ?? 0); i++)
            Name(svg, x - 6, y + (i + 0.5) * _size + 4, _rows![i], "end");
        // If one name is too wide, all are slanted.
        var slanted = _columns?.Any(name => Svg.WidthOf(name, NameSize) > _size) == true;
        for (var j = 0; j < (_columns?.Length ?? 0); j++)
        {
            var middle = x + (j + 0.5) * _size;
            if (!slanted)
                Name(svg, middle, y - 6, _columns![j], "middle");
            else
                Name(svg, middle + 3, y - 6, _columns![j], "start", $" transform=\"rotate(-50 {Svg.F(middle + 3)} {Svg.F(y - 6)})\"");
        }
    }

    private void Each(Action<int, int> draw)
    {
        for (var i = 0; i < _values.GetLength(0); i++)
        {
            for (var j = 0; j < _values.GetLength(1); j++)
                draw(i, j);
        }
    }

    private double Strength(double value) =>
        double.IsFinite(value) && _largest > 0 ? Math.Clamp(Math.Abs(value) / _largest, 0, 1) : 0;

    private void Square(Svg svg, double x, double y, double value)
    {
        var (kind, paint) = value < 0 ? ("cd", Palette.LightCold) : ("ht", Palette.LightHeat);
        svg.Rect(x, y, _size - 1, _size - 1, $"class=\"{kind}\" fill=\"{paint}\" " +
            $"fill-opacity=\"{Strength(value).ToString("0.##", CultureInfo.InvariantCulture)}\"",
            value.ToString("0.###", CultureInfo.InvariantCulture));
    }

    private void Number(Svg svg, double x, double y, double value)
    {
        if (!double.IsFinite(value))
            return;
        var text = value.ToString(_format, CultureInfo.InvariantCulture).Replace('-', '−');
        var size = Math.Clamp((_size - 8) / Math.Max(Svg.WidthOf(text, 1), 0.1), 7, 12);
        var ink = Strength(value) > 0.6 ? $" fill=\"{Palette.LightPaper}\" style=\"fill:var(--p)\"" : "";
        svg.Text(x + (_size - 1) / 2, y + _size / 2 + size * 0.35, text, $"font-size=\"{Svg.F(size)}\"{ink}");
    }

    private static void Name(Svg svg, double x, double y, string text, string anchor, string more = "") => svg.Text(x, y, text,
        $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"{Svg.F(NameSize)}\" text-anchor=\"{anchor}\"{more}");

    private static void Check(string[]? names, int count, string what)
    {
        if (names is not null && names.Length != count)
            throw new ArgumentException($"Cells: {names.Length} names for {count} {what}.");
    }
}
