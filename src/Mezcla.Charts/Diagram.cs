using System.Globalization;

namespace Mezcla.Charts;

/// <summary>
/// A drawing of a structure: boxes, circles and small tables of numbers, joined by arrows. Coordinates are pixels from the top left corner,
/// below the title. Shapes have names, so that arrows can refer to them:
/// <code>
/// new Diagram(420, 90).Title("A layer")
///     .Box("in", 10, 20, 90, 40, "x", note: "[time, d]")
///     .Box("layer", 160, 20, 100, 40, "linear", colour: 0)
///     .Arrow("in", "layer")
/// </code>
/// Colours are numbered as the series of a chart are. Shapes are drawn in the order in which they are added, arrows on top.
/// </summary>
public sealed class Diagram
{
    private const double TextSize = 13.5, NoteSize = 11.5;

    private readonly double _width, _height;
    private readonly List<Action<Svg>> _drawing = [], _arrows = [];
    private readonly Dictionary<string, DiagramShape> _shapes = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];
    private string _title = "", _description = "";

    /// <summary>Creates an empty diagram.</summary>
    /// <param name="width">Its width in pixels.</param>
    /// <param name="height">Its height in pixels, without the title.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width or the height is not between 20 and 4000.</exception>
    public Diagram(double width, double height)
    {
        if (width is not (>= 20 and <= 4000))
            throw new ArgumentOutOfRangeException(nameof(width), width, "A diagram is 20 to 4000 pixels wide.");
        if (height is not (>= 20 and <= 4000))
            throw new ArgumentOutOfRangeException(nameof(height), height, "A diagram is 20 to 4000 pixels high.");
        (_width, _height) = (width, height);
    }

    /// <summary>Sets the title, which stands above the drawing.</summary>
    /// <param name="title">The title.</param>
    public Diagram Title(string title)
    {
        _title = title;
        return this;
    }

    /// <summary>Replaces the description for readers who cannot see the picture. By default it lists the shapes and arrows.</summary>
    /// <param name="text">The description.</param>
    public Diagram Describe(string text)
    {
        _description = text;
        return this;
    }

    /// <summary>Adds a box with rounded corners and a text in its middle.</summary>
    /// <param name="name">Its name for arrows.</param>
    /// <param name="x">Its left edge.</param>
    /// <param name="y">Its upper edge.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="text">The text; a line break begins a new line.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="note">A smaller text below the text, such as a shape.</param>
    /// <param name="filled">Whether the box is filled with its colour instead of tinted.</param>
    /// <exception cref="ArgumentException">The diagram has a shape with this name.</exception>
    public Diagram Box(
        string name, double x, double y, double width, double height, string text = "", int? colour = null, string note = "",
        bool filled = false)
    {
        Add(name, new(x, y, width, height, Round: false), Words(text, note));
        _drawing.Add(svg =>
        {
            svg.Rect(x, y, width, height, $"rx=\"6\" {Surface(colour, filled)}");
            Label(svg, x + width / 2, y + height / 2, text, note, filled);
        });
        return this;
    }

    /// <summary>Adds a circle with a text in its middle.</summary>
    /// <param name="name">Its name for arrows.</param>
    /// <param name="x">The x coordinate of its centre.</param>
    /// <param name="y">The y coordinate of its centre.</param>
    /// <param name="radius">Its radius.</param>
    /// <param name="text">The text; a line break begins a new line.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="note">A smaller text below the text.</param>
    /// <param name="filled">Whether the circle is filled with its colour instead of tinted.</param>
    /// <exception cref="ArgumentException">The diagram has a shape with this name.</exception>
    public Diagram Circle(
        string name, double x, double y, double radius, string text = "", int? colour = null, string note = "", bool filled = false)
    {
        Add(name, new(x - radius, y - radius, 2 * radius, 2 * radius, Round: true), Words(text, note));
        _drawing.Add(svg =>
        {
            svg.Circle(x, y, radius, Surface(colour, filled));
            Label(svg, x, y, text, note, filled);
        });
        return this;
    }

    /// <summary>Adds a small table of numbers as coloured squares: positive values in one colour, negative values in another, stronger for
    /// larger values. A value that is not finite leaves its square empty.</summary>
    /// <param name="name">Its name for arrows.</param>
    /// <param name="x">Its left edge, without the names of the rows.</param>
    /// <param name="y">Its upper edge, without the names of the columns.</param>
    /// <param name="values">The values, [rows, columns].</param>
    /// <param name="size">The size of a square in pixels.</param>
    /// <param name="rows">The names of the rows, at the left; none if null.</param>
    /// <param name="columns">The names of the columns, above; none if null.</param>
    /// <param name="note">A text below the table, such as its shape.</param>
    /// <param name="largest">The absolute value with the strongest colour; the largest of the values if null.</param>
    /// <param name="format">The format of the numbers written into the squares; none are written if null.</param>
    /// <exception cref="ArgumentException">The diagram has a shape with this name, or the number of names is not that of rows or
    /// columns.</exception>
    public Diagram Cells(
        string name, double x, double y, double[,] values, double size = 18, IEnumerable<string>? rows = null,
        IEnumerable<string>? columns = null, string note = "", double? largest = null, string? format = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        var cells = new DiagramCells(values, size, rows?.ToArray(), columns?.ToArray(), largest, format);
        Add(name, new(x, y, size * values.GetLength(1), size * values.GetLength(0), Round: false),
            Words($"{values.GetLength(0)} × {values.GetLength(1)} numbers", note));
        _drawing.Add(svg =>
        {
            cells.Draw(svg, x, y);
            if (note.Length > 0)
                Write(svg, x + size * values.GetLength(1) / 2, y + size * values.GetLength(0) + 15, note, NoteSize, "middle", muted: true);
        });
        return this;
    }

    /// <summary>Adds a text.</summary>
    /// <param name="x">The x coordinate of its middle, or of its left or right end.</param>
    /// <param name="y">The y coordinate of its base line.</param>
    /// <param name="text">The text; a line break begins a new line.</param>
    /// <param name="size">The size of the letters in pixels.</param>
    /// <param name="anchor">Where x lies in the text: "start", "middle" or "end".</param>
    /// <param name="colour">The number of its colour, or null for the colour of text.</param>
    /// <param name="muted">Whether it is grey.</param>
    public Diagram Text(
        double x, double y, string text, double size = TextSize, string anchor = "middle", int? colour = null, bool muted = false)
    {
        _words.Add(text);
        _drawing.Add(svg =>
        {
            var lines = text.Split('\n');
            for (var i = 0; i < lines.Length; i++)
                Write(svg, x, y + i * (size + 3), lines[i], size, anchor, muted, colour);
        });
        return this;
    }

    /// <summary>Adds a straight line.</summary>
    /// <param name="x1">The x coordinate of its first end.</param>
    /// <param name="y1">The y coordinate of its first end.</param>
    /// <param name="x2">The x coordinate of its second end.</param>
    /// <param name="y2">The y coordinate of its second end.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="width">Its thickness in pixels.</param>
    /// <param name="dashed">Whether it is dashed.</param>
    public Diagram Line(double x1, double y1, double x2, double y2, int? colour = null, double width = 1.5, bool dashed = false) =>
        Curve([(x1, y1), (x2, y2)], colour, width, dashed);

    /// <summary>Adds a line through points.</summary>
    /// <param name="points">The points.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="width">Its thickness in pixels.</param>
    /// <param name="dashed">Whether it is dashed.</param>
    public Diagram Curve(IEnumerable<(double X, double Y)> points, int? colour = null, double width = 1.5, bool dashed = false)
    {
        var path = string.Concat(points.Select((p, i) => $"{(i == 0 ? 'M' : 'L')}{Svg.F(p.X)} {Svg.F(p.Y)}"));
        _drawing.Add(svg => svg.Path(path, Pen(colour, width, dashed)));
        return this;
    }

    /// <summary>Adds an arrow from one shape to another. It begins and ends at their edges.</summary>
    /// <param name="from">The name of the shape where it begins.</param>
    /// <param name="to">The name of the shape where it ends.</param>
    /// <param name="label">A text beside its middle.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="width">Its thickness in pixels.</param>
    /// <param name="dashed">Whether it is dashed.</param>
    /// <param name="bend">How far its middle is moved to its left, in pixels; to its right if negative.</param>
    /// <exception cref="ArgumentException">The diagram has no shape with one of the names.</exception>
    public Diagram Arrow(
        string from, string to, string label = "", int? colour = null, double width = 1.5, bool dashed = false, double bend = 0)
    {
        var (start, end) = (Shape(from), Shape(to));
        _words.Add($"{from} → {to}{(label.Length > 0 ? $": {label}" : "")}");
        var middle = ((start.CentreX + end.CentreX) / 2, (start.CentreY + end.CentreY) / 2);
        var (dx, dy) = (end.CentreX - start.CentreX, end.CentreY - start.CentreY);
        var length = Math.Max(Math.Sqrt(dx * dx + dy * dy), 1e-9);
        var (mx, my) = (middle.Item1 + bend * dy / length, middle.Item2 - bend * dx / length);
        var ((x1, y1), (x2, y2)) = (start.Edge(mx, my, gap: 2), end.Edge(mx, my, gap: 3));
        if (bend == 0 && start.Aligned(end, out var straight))
            ((x1, y1), (x2, y2)) = straight;
        return Arrow(x1, y1, x2, y2, label, colour, width, dashed, bend);
    }

    /// <summary>Adds an arrow between two points.</summary>
    /// <param name="x1">The x coordinate where it begins.</param>
    /// <param name="y1">The y coordinate where it begins.</param>
    /// <param name="x2">The x coordinate of its tip.</param>
    /// <param name="y2">The y coordinate of its tip.</param>
    /// <param name="label">A text beside its middle.</param>
    /// <param name="colour">The number of its colour, or null for grey.</param>
    /// <param name="width">Its thickness in pixels.</param>
    /// <param name="dashed">Whether it is dashed.</param>
    /// <param name="bend">How far its middle is moved to its left, in pixels; to its right if negative.</param>
    public Diagram Arrow(
        double x1, double y1, double x2, double y2, string label = "", int? colour = null, double width = 1.5, bool dashed = false,
        double bend = 0)
    {
        _arrows.Add(svg => DiagramArrow.Draw(svg, x1, y1, x2, y2, bend, Pen(colour, width, dashed), Ink(colour), width));
        if (label.Length > 0)
        {
            var (x, y, anchor) = DiagramArrow.LabelPlace(x1, y1, x2, y2, bend, Svg.WidthOf(label, NoteSize));
            _arrows.Add(svg => Write(svg, x, y, label, NoteSize, anchor, muted: colour is null, colour, halo: true));
        }
        return this;
    }

    /// <summary>The diagram as one self-contained SVG element, which follows the light or dark theme of its page.</summary>
    public string ToSvg()
    {
        var body = new Svg();
        var top = body.Title(_title, _width);
        if (top > 0)
            top += 10;
        body.Open("g", $"transform=\"translate(0 {Svg.F(top)})\"");
        foreach (var part in _drawing.Concat(_arrows))
            part(body);
        body.Close("g");
        return ChartRenderer.Wrap(body, _width, _height + top, _title.Length > 0 ? _title : "Diagram", Description());
    }

    /// <summary>The diagram in words.</summary>
    public string ToText() => $"{(_title.Length > 0 ? _title : "Diagram")}: {Description()}";

    /// <summary>The diagram in all forms that a notebook may need, by MIME type.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => new Dictionary<string, string>
    {
        ["text/html"] = Chart.HtmlFrame(ToSvg(), _width, _width <= 470 ? 340 : 470),
        ["image/svg+xml"] = ToSvg(),
        ["text/plain"] = ToText(),
    };

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Description() => _description.Length > 0
        ? _description
        : string.Join("; ", _words.Where(w => w.Length > 0).Select(w => w.Replace('\n', ' ')));

    private void Add(string name, DiagramShape shape, string words)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_shapes.TryAdd(name, shape))
            throw new ArgumentException($"The diagram has a shape '{name}' already. Give each shape its own name.", nameof(name));
        _words.Add(words);
    }

    private DiagramShape Shape(string name) => _shapes.TryGetValue(name, out var shape)
        ? shape
        : throw new ArgumentException(
            $"The diagram has no shape '{name}'. Add it before its arrows. The shapes are: {string.Join(", ", _shapes.Keys)}.",
            nameof(name));

    private static string Words(string text, string note) => string.Join(" ", new[] { text, note }.Where(t => t.Length > 0));

    private static void Label(Svg svg, double x, double y, string text, string note, bool filled)
    {
        var lines = text.Length > 0 ? text.Split('\n') : [];
        var height = lines.Length * (TextSize + 3) + (note.Length > 0 ? NoteSize + 3 : 0);
        var top = y - height / 2;
        foreach (var line in lines)
        {
            top += TextSize + 3;
            Write(svg, x, top - 4, line, TextSize, "middle", muted: false, onColour: filled);
        }
        if (note.Length > 0)
            Write(svg, x, top + NoteSize, note, NoteSize, "middle", muted: !filled, onColour: filled);
    }

    private static void Write(
        Svg svg, double x, double y, string text, double size, string anchor, bool muted, int? colour = null, bool halo = false,
        bool onColour = false)
    {
        var ink = onColour ? $"fill=\"{Palette.LightPaper}\" style=\"fill:var(--p)\""
            : colour is { } c ? $"fill=\"{Palette.Light[c % Palette.Count]}\" style=\"fill:var(--s{c % Palette.Count})\""
            : muted ? $"class=\"mu{(halo ? " ha" : "")}\" fill=\"{Palette.LightMuted}\"" : $"fill=\"{Palette.LightInk}\"";
        if (halo && (colour is not null || !muted))
            ink += " class=\"ha\"";
        svg.TextWithSubscripts(x, y, text, $"{ink} font-size=\"{Svg.F(size)}\" text-anchor=\"{anchor}\"");
    }

    private static string Surface(int? colour, bool filled)
    {
        var opacity = filled ? "1" : "0.14";
        return colour is { } c
            ? $"class=\"f{c % Palette.Count} s{c % Palette.Count}\" fill=\"{Palette.Light[c % Palette.Count]}\" " +
                $"fill-opacity=\"{opacity}\" stroke=\"{Palette.Light[c % Palette.Count]}\" stroke-width=\"1.5\""
            : $"class=\"mu ax\" fill=\"{Palette.LightMuted}\" style=\"fill:var(--m)\" fill-opacity=\"{(filled ? "1" : "0.07")}\" " +
                $"stroke=\"{Palette.LightMuted}\" stroke-width=\"1.2\"";
    }

    private static string Pen(int? colour, double width, bool dashed) => (colour is { } c
        ? $"class=\"s{c % Palette.Count}\" stroke=\"{Palette.Light[c % Palette.Count]}\""
        : $"class=\"ax\" stroke=\"{Palette.LightMuted}\"") +
        $" fill=\"none\" stroke-width=\"{width.ToString("0.##", CultureInfo.InvariantCulture)}\"" +
        (dashed ? " stroke-dasharray=\"5 4\"" : "");

    private static string Ink(int? colour) => colour is { } c
        ? $"class=\"f{c % Palette.Count}\" fill=\"{Palette.Light[c % Palette.Count]}\""
        : $"fill=\"{Palette.LightMuted}\" style=\"fill:var(--m)\"";
}
