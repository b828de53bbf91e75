using System.Net;
using System.Text;

namespace Mezcla.Notebooks.Html;

/// <summary>
/// Converts formulas from LaTeX to MathML, which browsers render without scripts, fonts or a network. Unknown commands are shown as they
/// were written and listed in <see cref="Unknown"/>. Malformed input never throws.
/// </summary>
internal sealed class LatexMath
{
    private const int DeepestNesting = 200;

    private readonly List<string> _tokens;
    private readonly bool _display;
    private int _at, _depth;

    private LatexMath(string tex, bool display) => (_tokens, _display) = (Tokenize(tex), display);

    /// <summary>The commands that are not supported.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>The MathML of a formula.</summary>
    /// <param name="tex">The LaTeX, without its dollar signs.</param>
    /// <param name="display">Whether the formula is on a line of its own.</param>
    public static string ToMathMl(string tex, bool display) => Convert(tex, display).MathMl;

    /// <summary>The MathML of a formula, and the commands in it that are not supported.</summary>
    public static (string MathMl, IReadOnlyList<string> Unknown) Convert(string tex, bool display)
    {
        var parser = new LatexMath(tex, display);
        // Alignment marks and line ends may be outside any environment, as in Jupyter's $$ a &= b \\ ... $$.
        var body = parser.Table(end: null, aligned: true);
        return ($"<math xmlns=\"http://www.w3.org/1998/Math/MathML\"{(display ? " display=\"block\"" : "")}><semantics>{body}" +
            $"<annotation encoding=\"application/x-tex\">{WebUtility.HtmlEncode(tex.Trim())}</annotation></semantics></math>",
            parser.Unknown);
    }

    private static List<string> Tokenize(string tex)
    {
        var tokens = new List<string>();
        for (var i = 0; i < tex.Length;)
        {
            var start = i++;
            if (tex[start] == '%')
            {
                while (i < tex.Length && tex[i] != '\n')
                    i++;
                continue;
            }
            if (tex[start] == '\\' && i < tex.Length)
            {
                if (char.IsAsciiLetter(tex[i]))
                {
                    while (i < tex.Length && char.IsAsciiLetter(tex[i]))
                        i++;
                    if (i < tex.Length && tex[i] == '*')
                        i++;
                }
                else
                {
                    i++;
                }
            }
            else if (char.IsAsciiDigit(tex[start]))
            {
                while (i < tex.Length && (char.IsAsciiDigit(tex[i])
                    || (tex[i] == '.' && i + 1 < tex.Length && char.IsAsciiDigit(tex[i + 1])) || IsThousands(tex, start, i)))
                    i++;
            }
            else if (char.IsHighSurrogate(tex[start]) && i < tex.Length)
            {
                i++;
            }
            tokens.Add(char.IsWhiteSpace(tex[start]) ? " " : tex[start..i]);
        }
        return tokens;
    }

    /// <summary>Whether a comma separates thousands, as in 5,050: up to three digits before it and exactly three after it.</summary>
    private static bool IsThousands(string tex, int start, int at)
    {
        if (tex[at] != ',' || at + 3 >= tex.Length || tex.AsSpan(at + 1, 3).ContainsAnyExceptInRange('0', '9')
            || (at + 4 < tex.Length && char.IsAsciiDigit(tex[at + 4])))
            return false;
        var earlier = tex.AsSpan(start, at - start).LastIndexOf(',');
        return at - start - (earlier + 1) <= 3;
    }

    private string? Peek
    {
        get
        {
            while (_at < _tokens.Count && _tokens[_at] == " ")
                _at++;
            return _at < _tokens.Count ? _tokens[_at] : null;
        }
    }

    private string? Next()
    {
        var token = Peek;
        if (token is not null)
            _at++;
        return token;
    }

    /// <summary>Parses items up to one of the tokens in <paramref name="ends"/>, which is not consumed.</summary>
    private List<string> Row(params ReadOnlySpan<string> ends)
    {
        var items = new List<string>();
        while (Peek is { } token && token is not ("}" or "&" or "\\\\" or "\\cr" or "\\right" or "\\end") && !ends.Contains(token))
        {
            var before = _at;
            // After a bracket or an operator, a minus sign is unary and gets no space.
            var unary = token == "-" && items.Count > 0 && Opens(items[^1]);
            // A named function needs a space after a letter or number.
            if (token.Length > 1 && (LatexSymbols.Functions.Contains(token[1..]) || LatexSymbols.Limits.ContainsKey(token[1..]))
                && items.Count > 0 && !items[^1].StartsWith("<mo", StringComparison.Ordinal)
                && !items[^1].EndsWith("/>", StringComparison.Ordinal))
                items.Add("<mspace width=\"0.167em\"/>");
            var item = Scripted();
            items.Add(unary ? item.Replace("<mo>−</mo>", "<mo form=\"prefix\">−</mo>") : item);
            if (_at == before)
                break;
        }
        return items;
    }

    private static bool Opens(string item) => item.StartsWith("<mo", StringComparison.Ordinal)
        && item.EndsWith("</mo>", StringComparison.Ordinal) && item[^6] is '(' or '[' or '=' or ',' or '≤' or '≥' or '·' or '/';

    private static string Group(List<string> items) => items.Count == 1 ? items[0] : $"<mrow>{string.Concat(items)}</mrow>";

    /// <summary>Parses an item with its subscript and superscript.</summary>
    private string Scripted()
    {
        var token = Peek!;
        var name = token.Length > 1 ? token[1..] : "";
        var above = _display && (LatexSymbols.Large.ContainsKey(name) || LatexSymbols.Limits.ContainsKey(name) || name == "operatorname*")
            || name is "underbrace" or "overbrace";
        var function = LatexSymbols.Functions.Contains(name) || LatexSymbols.Limits.ContainsKey(name)
            || name.StartsWith("operatorname", StringComparison.Ordinal);
        var atom = token is "^" or "_" ? "<mrow></mrow>" : Atom();
        string? sub = null, sup = null;
        var primes = "";
        while (Peek is "^" or "_" or "'" or "\\limits" or "\\nolimits")
        {
            switch (Next())
            {
                case "^":
                    sup = (sup ?? "") + Argument();
                    break;
                case "_":
                    sub = (sub ?? "") + Argument();
                    break;
                case "'":
                    primes += "′";
                    break;
                case "\\limits":
                    above = true;
                    break;
                default:
                    above = false;
                    break;
            }
        }
        if (primes.Length > 0)
            sup = $"<mrow><mo lspace=\"0\" rspace=\"0\">{primes}</mo>{sup}</mrow>";
        var (one, both) = above ? ("munder", "munderover") : ("msub", "msubsup");
        var whole = (sub, sup) switch
        {
            (null, null) => atom,
            (null, _) => above ? $"<mover>{atom}{sup}</mover>" : $"<msup>{atom}{sup}</msup>",
            (_, null) => $"<{one}>{atom}{sub}</{one}>",
            _ => $"<{both}>{atom}{sub}{sup}</{both}>",
        };
        // log x needs a space between its words; log(x) does not.
        var spaced = function && Peek is { } next
            && (char.IsLetterOrDigit(next[0])
                || (next[0] == '\\' && next.Length > 1
                    && (LatexSymbols.Letters.ContainsKey(next[1..]) || LatexSymbols.Functions.Contains(next[1..])
                        || next is "\\frac" or "\\mathbf" or "\\hat")));
        return spaced ? whole + "<mspace width=\"0.167em\"/>" : whole;
    }

    /// <summary>Parses the argument of a command or script: a group in braces, or one token.</summary>
    private string Argument()
    {
        if (Peek is not { } token)
            return "<mrow></mrow>";
        if (token == "{" || token[0] == '\\')
            return Atom();
        Next();
        // In x^23 only the 2 is the exponent.
        if (token.Length > 1 && char.IsAsciiDigit(token[0]))
        {
            _tokens.Insert(_at, token[1..]);
            token = token[..1];
        }
        return Character(token);
    }

    private string Atom()
    {
        var token = Next();
        if (token is null)
            return "<mrow></mrow>";
        if (_depth > DeepestNesting)
            return $"<mtext>{WebUtility.HtmlEncode(token)}</mtext>";
        _depth++;
        var atom = token switch
        {
            "{" => Braces(),
            _ when token[0] == '\\' && token.Length > 1 => Command(token[1..]),
            _ => Character(token),
        };
        _depth--;
        return atom;
    }

    private string Braces()
    {
        var items = Row();
        // An alignment mark inside braces has no meaning here, but must not stop the parser.
        while (Peek is not (null or "}"))
        {
            Next();
            items.AddRange(Row());
        }
        Next();
        return $"<mrow>{string.Concat(items)}</mrow>";
    }

    private static string Character(string token) => token[0] switch
    {
        _ when char.IsAsciiDigit(token[0]) => $"<mn>{token}</mn>",
        _ when char.IsLetter(token, 0) => $"<mi>{token}</mi>",
        '-' => "<mo>−</mo>",
        '*' => "<mo>∗</mo>",
        ',' or ';' => $"<mo separator=\"true\">{token}</mo>",
        '(' or ')' or '[' or ']' or '|' => $"<mo stretchy=\"false\">{token}</mo>",
        '/' => "<mo lspace=\"0\" rspace=\"0\">/</mo>",
        '~' => "<mspace width=\"0.333em\"/>",
        '.' => "<mn>.</mn>",
        _ => $"<mo>{WebUtility.HtmlEncode(token)}</mo>",
    };

    private string Command(string name)
    {
        if (LatexSymbols.Letters.TryGetValue(name, out var letter))
            return $"<mi>{letter}</mi>";
        if (LatexSymbols.Upright.TryGetValue(name, out var upright))
            return $"<mi mathvariant=\"normal\">{upright}</mi>";
        if (LatexSymbols.Operators.TryGetValue(name, out var sign))
            return $"<mo>{sign}</mo>";
        if (LatexSymbols.Large.TryGetValue(name, out var large) || LatexSymbols.Integrals.TryGetValue(name, out large))
            return $"<mo{(_display ? " largeop=\"true\"" : "")}>{large}</mo>";
        if (LatexSymbols.Delimiters.TryGetValue(name, out var delimiter))
            return $"<mo stretchy=\"false\">{delimiter}</mo>";
        if (LatexSymbols.Functions.Contains(name))
            return $"<mi>{name}</mi>";
        if (LatexSymbols.Limits.TryGetValue(name, out var limit))
            return $"<mi>{limit}</mi>";
        if (LatexSymbols.Spaces.TryGetValue(name, out var width))
            return $"<mspace width=\"{width}\"/>";
        if (LatexSymbols.Accents.TryGetValue(name, out var accent))
            return $"<mover accent=\"true\">{Argument()}<mo stretchy=\"{(name.Length > 5 ? "true" : "false")}\">{accent}</mo></mover>";
        switch (name)
        {
            case "frac" or "dfrac" or "tfrac" or "cfrac":
                return $"<mfrac>{Argument()}{Argument()}</mfrac>";
            case "binom":
                return $"<mrow><mo>(</mo><mfrac linethickness=\"0\">{Argument()}{Argument()}</mfrac><mo>)</mo></mrow>";
            case "sqrt" when Peek == "[":
                Next();
                var degree = Group(Row("]"));
                Next();
                return $"<mroot>{Argument()}{degree}</mroot>";
            case "sqrt":
                return $"<msqrt>{Argument()}</msqrt>";
            case "text" or "textrm" or "textit" or "textbf" or "texttt" or "mbox" or "operatorname" or "operatorname*" or "mathrm"
                or "mathsf" or "mathtt" or "mathit":
                return Words(name);
            case "mathbb" or "mathcal" or "mathscr" or "mathfrak":
                return $"<mi>{string.Concat(Raw().Where(c => c != ' ').Select(c => LatexSymbols.Alphabet(name, c)))}</mi>";
            case "mathbf" or "boldsymbol" or "bm" or "pmb":
                return $"<mrow style=\"font-weight:bold\">{Argument()}</mrow>";
            case "underbrace" or "overbrace":
                return name[0] == 'u'
                    ? $"<munder>{Argument()}<mo stretchy=\"true\">⏟</mo></munder>"
                    : $"<mover>{Argument()}<mo stretchy=\"true\">⏞</mo></mover>";
            case "underline":
                return $"<munder>{Argument()}<mo stretchy=\"true\">_</mo></munder>";
            case "overset" or "stackrel":
                var over = Argument();
                return $"<mover>{Argument()}{over}</mover>";
            case "underset":
                var under = Argument();
                return $"<munder>{Argument()}{under}</munder>";
            case "boxed":
                return $"<mrow style=\"border:1px solid;padding:.2em .4em\">{Argument()}</mrow>";
            case "left":
                return Fenced();
            case "middle":
                return Bracket("", "stretchy=\"true\"");
            case "big" or "bigl" or "bigr" or "Big" or "Bigl" or "Bigr" or "bigg" or "biggl" or "biggr" or "Bigg" or "Biggl" or "Biggr":
                var size = name.StartsWith("bigg", StringComparison.Ordinal) ? "2.4em" : name.StartsWith("Bigg", StringComparison.Ordinal)
                    ? "3em" : name[0] == 'B' ? "1.8em" : "1.2em";
                // It gets a row of its own, because otherwise it would grow with its neighbours.
                return $"<mrow>{Bracket("", $"stretchy=\"true\" symmetric=\"true\" minsize=\"{size}\" maxsize=\"{size}\"")}</mrow>";
            case "begin":
                return Environment();
            case "tag":
                return $"<mspace width=\"2em\"/><mtext>({WebUtility.HtmlEncode(Raw())})</mtext>";
            case "not":
                return $"<mrow>{Atom()}<mo lspace=\"-0.7em\" rspace=\"0\">/</mo></mrow>";
            case "mod" or "bmod":
                return "<mo>mod</mo>";
            case "displaystyle" or "textstyle" or "limits" or "nolimits" or "label" or "nonumber" or "notag":
                return "";
            case "{" or "}":
                return $"<mo stretchy=\"false\">{name}</mo>";
            case "|":
                return "<mo stretchy=\"false\">‖</mo>";
            case "%" or "$" or "#" or "_" or "&":
                return $"<mi mathvariant=\"normal\">{WebUtility.HtmlEncode(name)}</mi>";
            default:
                Unknown.Add("\\" + name);
                return $"<mtext class=\"unknown\">\\{WebUtility.HtmlEncode(name)}</mtext>";
        }
    }

    private string Words(string name)
    {
        var words =
            WebUtility.HtmlEncode(Raw().Replace("\\,", "\u2009").Replace("\\_", "_").Replace("\\%", "%").Replace("\\ ", " ")
                .Replace("\\&", "&").Replace("\\#", "#"));
        return name switch
        {
            "textbf" => $"<mtext style=\"font-weight:bold\">{words}</mtext>",
            "textit" => $"<mtext style=\"font-style:italic\">{words}</mtext>",
            "texttt" or "mathtt" => $"<mtext style=\"font-family:monospace\">{words}</mtext>",
            "mathit" => $"<mi style=\"font-style:italic\">{words}</mi>",
            _ when name.StartsWith("text", StringComparison.Ordinal) || name == "mbox" => $"<mtext>{words.Replace(" ", "\u00A0")}</mtext>",
            _ => $"<mi mathvariant=\"normal\">{words}</mi>",
        };
    }

    /// <summary>The text of a group in braces, not parsed.</summary>
    private string Raw()
    {
        if (Peek != "{")
            return Next() ?? "";
        Next();
        var text = new StringBuilder();
        for (var depth = 1; _at < _tokens.Count; text.Append(_tokens[_at++]))
        {
            depth += _tokens[_at] switch { "{" => 1, "}" => -1, _ => 0 };
            if (depth == 0)
                break;
        }
        _at++;
        return text.ToString();
    }

    private string Fenced()
    {
        var open = Bracket("fence=\"true\" form=\"prefix\"", "stretchy=\"true\"");
        var items = Row();
        if (Peek != "\\right")
            return $"<mrow>{open}{string.Concat(items)}</mrow>";
        Next();
        return $"<mrow>{open}{string.Concat(items)}{Bracket("fence=\"true\" form=\"postfix\"", "stretchy=\"true\"")}</mrow>";
    }

    private string Bracket(string form, string stretch)
    {
        var token = Next() ?? ".";
        if (token == ".")
            return "";
        var sign = token switch
        {
            "\\{" => "{",
            "\\}" => "}",
            "\\|" => "‖",
            "<" => "⟨",
            ">" => "⟩",
            _ when token[0] == '\\' => LatexSymbols.Delimiters.GetValueOrDefault(token[1..])
                ?? LatexSymbols.Operators.GetValueOrDefault(token[1..]) ?? token,
            _ => token,
        };
        return $"<mo {form} {stretch}>{WebUtility.HtmlEncode(sign)}</mo>";
    }

    private string Environment()
    {
        var name = Raw();
        var kind = name.TrimEnd('*');
        if (kind is "array" or "alignat")
            Raw();
        var table = Table(name, kind is "align" or "aligned" or "alignat" or "eqnarray" or "split" or "gather" or "gathered" or "equation",
            left: kind == "cases");
        var (open, close) = kind switch
        {
            "pmatrix" => ("(", ")"),
            "bmatrix" => ("[", "]"),
            "Bmatrix" => ("{", "}"),
            "vmatrix" => ("|", "|"),
            "Vmatrix" => ("‖", "‖"),
            "cases" => ("{", ""),
            _ => ("", ""),
        };
        if (kind is not ("matrix" or "pmatrix" or "bmatrix" or "Bmatrix" or "vmatrix" or "Vmatrix" or "smallmatrix" or "cases" or "array"
            or "align" or "aligned" or "alignat" or "split" or "gather" or "gathered" or "equation" or "eqnarray"))
            Unknown.Add($"\\begin{{{name}}}");
        string Fence(string sign) => sign.Length == 0 ? "" : $"<mo fence=\"true\" stretchy=\"true\">{sign}</mo>";
        return open.Length + close.Length == 0 ? table : $"<mrow>{Fence(open)}{table}{Fence(close)}</mrow>";
    }

    /// <summary>The CSS that aligns a cell. Chromium aligns the block inside a cell only with its own keyword.</summary>
    private static string Side(string side) => $"text-align:{side};text-align:-webkit-{side}";

    /// <summary>Parses rows of cells up to the end of an environment or of the input. A single cell needs no table.</summary>
    private string Table(string? end, bool aligned, bool left = false)
    {
        var rows = new List<List<string>> { new() };
        while (true)
        {
            rows[^1].Add(Group(Row()));
            var token = Next();
            if (token is null)
                break;
            if (token == "\\end")
            {
                Raw();
                if (end is not null)
                    break;
            }
            else if (token is "\\\\" or "\\cr")
            {
                if (Peek == "[")
                {
                    Row("]");
                    Next();
                }
                rows.Add([]);
            }
            else if (token == "\\right")
            {
                Next();
            }
        }
        if (rows[^1] is ["<mrow></mrow>"] && rows.Count > 1)
            rows.RemoveAt(rows.Count - 1);
        if (rows is [[var only]] && (end is null || aligned))
            return only;
        var table = new StringBuilder(aligned && _display ? "<mtable displaystyle=\"true\">" : "<mtable>");
        foreach (var row in rows)
        {
            table.Append("<mtr>");
            for (var i = 0; i < row.Count; i++)
            {
                var style = aligned && row.Count > 1
                    ? (i % 2 == 0 ? Side("right") + ";padding-right:0" : Side("left") + ";padding-left:.2em") : left ? Side("left") : "";
                table.Append(style.Length > 0 ? $"<mtd style=\"{style}\">" : "<mtd>").Append(row[i]).Append("</mtd>");
            }
            table.Append("</mtr>");
        }
        return table.Append("</mtable>").ToString();
    }
}
