using System.Globalization;
using System.Net;
using System.Text;

namespace Mezcla.Notebooks.Html;

/// <summary>Turns text for a terminal into HTML: colours (ECMA-48 SGR) become classes, a
/// carriage return begins its line again, other controls vanish.</summary>
internal static class AnsiText
{
    private sealed class Style
    {
        public string Fore = "", Back = "";
        public bool Bold, Dim, Italic, Underline, Reverse;

        public string Attributes()
        {
            var (fore, back) = Reverse ? (Back.Length > 0 ? Back : "paper", Fore.Length > 0 ? Fore : "ink") : (Fore, Back);
            var classes = new List<string>();
            var style = "";
            foreach (var (color, kind, property) in new[] { (fore, "f", "color"), (back, "b", "background") })
            {
                if (color.StartsWith('#'))
                    style += $"{property}:{color};";
                else if (color.Length > 0)
                    classes.Add($"a{kind}{color}");
            }
            classes.AddRange(
                new[] { Bold ? "ab" : "", Dim ? "ad" : "", Italic ? "ai" : "", Underline ? "au" : "" }.Where(c => c.Length > 0));
            return (classes.Count > 0 ? $" class=\"{string.Join(' ', classes)}\"" : "")
                + (style.Length > 0 ? $" style=\"{style.TrimEnd(';')}\"" : "");
        }
    }

    /// <summary>The text as HTML, for inside of a <c>pre</c>.</summary>
    public static string ToHtml(string text)
    {
        var html = new StringBuilder();
        var style = new Style();
        var plain = new StringBuilder();
        text = string.Join('\n', text.Replace("\r\n", "\n").Split('\n').Select(LastWritten));
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\x1b')
            {
                if (text[i] >= ' ' || text[i] is '\n' or '\t')
                    plain.Append(text[i]);
                continue;
            }
            var end = EndOfSequence(text, i);
            if (end < text.Length && text[end] == 'm' && text[i + 1] == '[')
            {
                Flush();
                Apply(style, text[(i + 2)..end]);
            }
            i = end;
        }
        Flush();
        return html.ToString();

        void Flush()
        {
            if (plain.Length == 0)
                return;
            var attributes = style.Attributes();
            var encoded = WebUtility.HtmlEncode(plain.ToString());
            html.Append(attributes.Length == 0 ? encoded : $"<span{attributes}>{encoded}</span>");
            plain.Clear();
        }
    }

    /// <summary>What a terminal shows of a line after its carriage returns: what was written last.</summary>
    private static string LastWritten(string line)
    {
        var trimmed = line.TrimEnd('\r');
        var last = trimmed.LastIndexOf('\r');
        return last < 0 ? trimmed : trimmed[(last + 1)..];
    }

    /// <summary>The index of the last character of the escape sequence that begins at <paramref name="start"/>.</summary>
    private static int EndOfSequence(string text, int start)
    {
        if (start + 1 >= text.Length)
            return start;
        var i = start + 1;
        if (text[i] == ']')
        {
            // An operating system command, such as a link: ends with BEL or ESC \.
            for (i++; i < text.Length && text[i] != '\a'; i++)
            {
                if (text[i] == '\x1b' && i + 1 < text.Length && text[i + 1] == '\\')
                    return i + 1;
            }
            return Math.Min(i, text.Length - 1);
        }
        if (text[i] != '[')
            return i;
        for (i++; i < text.Length; i++)
        {
            if (text[i] is >= '@' and <= '~')
                return i;
        }
        return text.Length - 1;
    }

    private static void Apply(Style style, string parameters)
    {
        var codes = parameters.Split(';', ':')
            .Select(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).ToArray();
        for (var i = 0; i < codes.Length; i++)
        {
            switch (codes[i])
            {
                case 0:
                    (style.Fore, style.Back, style.Bold, style.Dim, style.Italic, style.Underline, style.Reverse) =
                        ("", "", false, false, false, false, false);
                    break;
                case 1:
                    style.Bold = true;
                    break;
                case 2:
                    style.Dim = true;
                    break;
                case 3:
                    style.Italic = true;
                    break;
                case 4:
                    style.Underline = true;
                    break;
                case 7:
                    style.Reverse = true;
                    break;
                case 22:
                    style.Bold = style.Dim = false;
                    break;
                case 23:
                    style.Italic = false;
                    break;
                case 24:
                    style.Underline = false;
                    break;
                case 27:
                    style.Reverse = false;
                    break;
                case 39:
                    style.Fore = "";
                    break;
                case 49:
                    style.Back = "";
                    break;
                case >= 30 and <= 37:
                    style.Fore = Named(codes[i] - 30);
                    break;
                case >= 90 and <= 97:
                    style.Fore = Named(codes[i] - 90 + 8);
                    break;
                case >= 40 and <= 47:
                    style.Back = Named(codes[i] - 40);
                    break;
                case >= 100 and <= 107:
                    style.Back = Named(codes[i] - 100 + 8);
                    break;
                case 38:
                    style.Fore = Extended(codes, ref i);
                    break;
                case 48:
                    style.Back = Extended(codes, ref i);
                    break;
            }
        }
    }

    private static string Named(int color) => color.ToString(CultureInfo.InvariantCulture);

    private static string Extended(int[] codes, ref int i)
    {
        if (i + 4 < codes.Length && codes[i + 1] == 2)
        {
            i += 4;
            return $"#{codes[i - 2] & 255:x2}{codes[i - 1] & 255:x2}{codes[i] & 255:x2}";
        }
        if (i + 2 >= codes.Length || codes[i + 1] != 5)
            return "";
        i += 2;
        var n = codes[i] & 255;
        if (n < 16)
            return Named(n);
        if (n >= 232)
            return $"#{8 + 10 * (n - 232):x2}{8 + 10 * (n - 232):x2}{8 + 10 * (n - 232):x2}";
        int Level(int part) => part == 0 ? 0 : 55 + 40 * part;
        n -= 16;
        return $"#{Level(n / 36):x2}{Level(n / 6 % 6):x2}{Level(n % 6):x2}";
    }
}
