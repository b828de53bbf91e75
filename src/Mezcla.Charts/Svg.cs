using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Charts;

/// <summary>Writes SVG elements, with coordinates to a tenth of a pixel and every text encoded.</summary>
internal sealed partial class Svg
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public Svg Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    public void Open(string element, string attributes = "") =>
        _text.Append('<').Append(element).Append(attributes.Length > 0 ? " " : "").Append(attributes).Append('>');

    public void Close(string element) => _text.Append("</").Append(element).Append('>');

    public void Rect(double x, double y, double width, double height, string attributes, string? tooltip = null)
    {
        _text.Append($"<rect x=\"{F(x)}\" y=\"{F(y)}\" width=\"{F(Math.Max(width, 0))}\" height=\"{F(Math.Max(height, 0))}\" {attributes}");
        End("rect", tooltip);
    }

    public void Line(double x1, double y1, double x2, double y2, string attributes) =>
        _text.Append($"<path d=\"M{F(x1)} {F(y1)}L{F(x2)} {F(y2)}\" {attributes}/>");

    public void Path(string d, string attributes, string? tooltip = null)
    {
        _text.Append($"<path d=\"{d}\" {attributes}");
        End("path", tooltip);
    }

    public void Circle(double x, double y, double radius, string attributes, string? tooltip = null)
    {
        _text.Append($"<circle cx=\"{F(x)}\" cy=\"{F(y)}\" r=\"{F(radius)}\" {attributes}");
        End("circle", tooltip);
    }

    public void Text(double x, double y, string text, string attributes) =>
        _text.Append($"<text x=\"{F(x)}\" y=\"{F(y)}\" {attributes}>{Encode(text)}</text>");

    /// <summary>Writes text in which a letter after an underscore is a subscript, as in W_Q.</summary>
    public void TextWithSubscripts(double x, double y, string text, string attributes) =>
        _text.Append($"<text x=\"{F(x)}\" y=\"{F(y)}\" {attributes}>" + Subscript().Replace(
            Encode(text), "$1<tspan dy=\"3\" font-size=\"75%\">$2</tspan><tspan dy=\"-3\">\u200b</tspan>") + "</text>");

    /// <summary>Writes a title at the top of a picture and returns its height.</summary>
    public double Title(string title, double width)
    {
        var top = 0.0;
        foreach (var line in Wrap(title, width - 24, 17))
        {
            top += 20;
            Text(12, top + 2, line, $"font-size=\"16\" font-weight=\"600\" fill=\"{Palette.LightInk}\"");
        }

        return top;
    }

    public override string ToString() => _text.ToString();

    private void End(string element, string? tooltip)
    {
        if (tooltip is null)
            _text.Append("/>");
        else
            _text.Append("><title>").Append(Encode(tooltip)).Append("</title></").Append(element).Append('>');
    }

    /// <summary>Writes a coordinate with at most one decimal and with a decimal point in every culture.</summary>
    public static string F(double value) =>
        (Math.Round(value, 1, MidpointRounding.AwayFromZero) + 0.0).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>Encodes text for both XML and HTML: markup is escaped, and characters that XML forbids are replaced.</summary>
    public static string Encode(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\0', '\x1F') >= 0 || text.Any(c => char.IsSurrogate(c) || c >= '\uFFFE'))
        {
            var clean = new StringBuilder(text.Length);
            foreach (var rune in text.EnumerateRunes())
                clean.Append((rune.Value < 32 && rune.Value is not ('\n' or '\t' or '\r')) || rune.Value is 0xFFFE or 0xFFFF
                    ? "\uFFFD"
                    : rune.ToString());
            text = clean.ToString();
        }
        return text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;").Replace("'", "&#39;");
    }

    /// <summary>Estimates the width of a text in pixels from typical sans-serif letter widths, which is exact enough to lay out
    /// labels.</summary>
    public static double WidthOf(string text, double size)
    {
        var ems = 0.0;
        foreach (var rune in text.EnumerateRunes())
        {
            ems += rune.Value switch
            {
                'i' or 'j' or 'l' or 'I' or '.' or ',' or ':' or ';' or '\'' or '|' or '!' => 0.29,
                'f' or 't' or 'r' or '(' or ')' or '[' or ']' or '-' or ' ' or '/' => 0.36,
                'm' or 'w' or 'M' or 'W' or '%' or '@' or '−' or '×' => 0.88,
                >= '⁰' and <= '₎' or '¹' or '²' or '³' => 0.36,
                >= 'A' and <= 'Z' => 0.68,
                >= '0' and <= '9' or < 0x3000 => 0.62,
                _ => 1.0,
            };
        }
        return ems * size;
    }

    /// <summary>The text shortened to a width, with an ellipsis if something was cut off.</summary>
    public static string Fit(string text, double width, double size)
    {
        if (WidthOf(text, size) <= width)
            return text;
        var runes = text.EnumerateRunes().ToList();
        while (runes.Count > 1 && WidthOf(string.Concat(runes) + "…", size) > width)
            runes.RemoveAt(runes.Count - 1);
        return string.Concat(runes).TrimEnd() + "…";
    }

    /// <summary>The text broken into lines at spaces.</summary>
    public static List<string> Wrap(string text, double width, double size)
    {
        var lines = new List<string>();
        foreach (var word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && WidthOf(lines[^1] + " " + word, size) <= width)
                lines[^1] += " " + word;
            else
                lines.Add(word);
        }
        // A last word alone on its line gets company.
        if (lines.Count == 2 && !lines[1].Contains(' ') && lines[0].LastIndexOf(' ') is > 0 and var last)
            lines = [lines[0][..last], $"{lines[0][(last + 1)..]} {lines[1]}"];
        return lines;
    }

    [GeneratedRegex(@"(\p{L})_(\w)(?!\w)", RegexOptions.CultureInvariant)]
    private static partial Regex Subscript();
}
