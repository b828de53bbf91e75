using System.Globalization;
using System.Numerics;
using System.Text;

namespace Mezcla.Charts;

/// <summary>
/// A text divided into tokens, each with a background colour that shows the expert that computed it, a value, or only where tokens begin
/// and end. It is shown as HTML with a legend, and with details under the pointer. Colour is never the only sign: the numbers of the
/// experts are written below their tokens.
/// </summary>
public sealed class TokenText
{
    private const int MostTokens = 4000;

    private readonly record struct Token(string Text, string Style, string Details, string Below, string Plain);

    private readonly List<Token> _tokens;
    private readonly string _title, _legend, _separator;

    private TokenText(List<Token> tokens, string title, string legend, string separator) =>
        (_tokens, _title, _legend, _separator) = (tokens, title, legend, separator);

    /// <summary>Colours each token by the experts that computed it: the first expert gives the background, which is stronger for a larger
    /// weight, and the second the underline.</summary>
    /// <param name="tokens">The text of each token, spaces and line ends included.</param>
    /// <param name="experts">The numbers of each token's experts, the first choice first; none if it was dropped.</param>
    /// <param name="weights">The weights of those experts, in the same order; null to leave them out.</param>
    /// <param name="count">How many experts there are; if null, one more than the largest number that occurs.</param>
    /// <param name="names">The names of the experts in the legend; "expert 0" and so on if null.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">The numbers of tokens, experts and weights differ, or an
    /// expert is negative or not below <paramref name="count"/>.</exception>
    public static TokenText ByExpert(
        IEnumerable<string> tokens, IEnumerable<int[]> experts, IEnumerable<float[]>? weights = null, int? count = null,
        IEnumerable<string>? names = null, string title = "")
    {
        var (texts, chosen, strengths, labels) = (tokens.ToArray(), experts.ToArray(), weights?.ToArray(), names?.ToArray());
        Check(texts.Length, chosen.Length, "lists of experts");
        if (strengths is not null)
            Check(texts.Length, strengths.Length, "lists of weights");
        var all = count ?? chosen.SelectMany(c => c).DefaultIfEmpty(-1).Max() + 1;
        if (chosen.SelectMany(c => c).Any(e => e < 0 || e >= all))
            throw new ArgumentException(
                $"TokenText: expert {chosen.SelectMany(c => c).First(e => e < 0 || e >= all)} of {all}; experts are numbered from 0.");

        string Name(int expert) => labels is not null && expert < labels.Length ? labels[expert] : $"expert {expert}";
        var list = new List<Token>();
        for (var i = 0; i < texts.Length; i++)
        {
            var (mine, weight) = (chosen[i], strengths?[i]);
            if (weight is not null && weight.Length != mine.Length)
                throw new ArgumentException($"TokenText: token {i} has {mine.Length} experts and {weight.Length} weights.");
            var details = mine.Length == 0 ? "dropped: no expert" : string.Join(", ",
                mine.Select((e, k) => Name(e) + (weight is null ? "" : " " + NumberText.Format(weight[k], AxisFormat.Percent))));
            var style = mine.Length == 0
                ? ""
                : $"background:{Color(mine[0], 0.3 + 0.7 * (weight is null ? 1 : Math.Clamp(weight[0], 0, 1)))}" +
                    (mine.Length > 1 ? $";border-bottom-color:{Color(mine[1], 1)}" : "");
            var numbers = string.Join(",", mine);
            list.Add(new(texts[i], style, details, mine.Length == 0 ? "–" : numbers, $"{texts[i]}[{numbers}]"));
        }
        var loads = new int[all];
        foreach (var first in chosen.Where(c => c.Length > 0))
            loads[first[0]]++;
        var legend = new StringBuilder("<div class=\"mzt-l\">");
        for (var e = 0; e < Math.Min(all, 64); e++)
            legend.Append($"<span><i style=\"background:{Color(e, 1)}\"></i>{Svg.Encode(Name(e))} <b>{loads[e]}</b></span>");
        legend.Append("</div>");
        return new(list, title, legend.ToString(), "");
    }

    /// <summary>Colours each token by one expert.</summary>
    /// <param name="tokens">The text of each token.</param>
    /// <param name="experts">The number of each token's expert.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">The numbers of tokens and experts differ, or an expert is negative.</exception>
    public static TokenText ByExpert(IEnumerable<string> tokens, IEnumerable<int> experts, string title = "") =>
        ByExpert(tokens, experts.Select(e => new[] { e }), title: title);

    /// <summary>Colours each token by a value, such as a model's loss at this token.</summary>
    /// <param name="tokens">The text of each token.</param>
    /// <param name="values">The value of each token. A token whose value is not finite has no colour; the first token of a text, for
    /// example, has no prediction.</param>
    /// <param name="label">What the values are, with their unit.</param>
    /// <param name="low">The value that is shown without colour; the smallest value if null.</param>
    /// <param name="high">The value that is shown in full colour; the largest value if null.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">The numbers of tokens and values differ.</exception>
    public static TokenText ByValue<T>(IEnumerable<string> tokens, IEnumerable<T> values, string label = "", double? low = null,
        double? high = null, string title = "") where T : INumberBase<T>
    {
        var (texts, numbers) = (tokens.ToArray(), values.Select(double.CreateSaturating).ToArray());
        Check(texts.Length, numbers.Length, "values");
        var (from, to) =
            (low ?? numbers.Where(double.IsFinite).DefaultIfEmpty(0).Min(), high ?? numbers.Where(double.IsFinite).DefaultIfEmpty(1).Max());
        string Shade(double part) => $"background:oklch(var(--tl) var(--tc) 250/{Percent(part)})";
        var list = texts.Select((text, i) => double.IsFinite(numbers[i])
            ? new Token(text, Shade((numbers[i] - from) / (to == from ? 1 : to - from)),
                $"{label} {NumberText.Short(numbers[i], 4)}".Trim(), "", $"{text}({NumberText.Short(numbers[i])})")
            : new Token(text, "", "no value", "", text)).ToList();
        var legend = $"<div class=\"mzt-l\"><span>{Svg.Encode(label)}</span><span>{NumberText.Short(from)}<i " +
            "style=\"width:8em;background:linear-gradient(90deg,oklch(var(--tl) var(--tc) 250/0),oklch(var(--tl) var(--tc) " +
            $"250))\"></i>{NumberText.Short(to)}</span></div>";
        return new(list, title, legend, "");
    }

    /// <summary>Shows where tokens begin and end, with spaces as dots, and their ids under the pointer.</summary>
    /// <param name="tokens">The text of each token.</param>
    /// <param name="ids">The id of each; null to leave them out.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">The numbers of tokens and ids differ.</exception>
    public static TokenText Pieces(IEnumerable<string> tokens, IEnumerable<int>? ids = null, string title = "")
    {
        var (texts, numbers) = (tokens.ToArray(), ids?.ToArray());
        if (numbers is not null)
            Check(texts.Length, numbers.Length, "ids");
        var list = texts.Select((text, i) => new Token(text.Replace(' ', '·'), $"background:{Color(i % 5, 0.8)}",
            numbers is null ? $"token {i}" : $"token {i}: id {numbers[i].ToString(CultureInfo.InvariantCulture)}", "", text)).ToList();
        var legend = $"<div class=\"mzt-l\"><span>{NumberText.Plain(texts.Length)} tokens, {NumberText.Plain(texts.Sum(t => t.Length))} " +
            "characters</span></div>";
        return new(list, title, legend, "|");
    }

    /// <summary>The text in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The text as one HTML element that contains its own style.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder($"<div class=\"mzt\"><style>{StyleSheet}</style>");
        if (_title.Length > 0)
            html.Append($"<div class=\"mzt-h\">{Svg.Encode(_title)}</div>");
        html.Append("<div class=\"mzt-t\">");
        foreach (var token in _tokens.Take(MostTokens))
        {
            html.Append(
                $"<span title=\"{Svg.Encode(token.Details)}\"{(token.Style.Length > 0 ? $" style=\"{token.Style}\"" : "")}>" +
                    $"{Visible(token.Text)}");
            if (token.Below.Length > 0)
                html.Append($"<sub>{token.Below}</sub>");
            html.Append("</span>");
            // Lines break between tokens, never within one.
            html.Append(token.Text.Contains('\n') ? "<br>" : "<wbr>");
        }
        html.Append("</div>");
        if (_tokens.Count > MostTokens)
            html.Append($"<div class=\"mzt-l\">… and {NumberText.Plain(_tokens.Count - MostTokens)} more tokens</div>");
        return html.Append(_legend).Append("</div>").ToString();
    }

    /// <summary>The text with the details of each token beside it.</summary>
    public string ToText() =>
        (_title.Length > 0 ? _title + "\n" : "") + string.Join(_separator, _tokens.Take(MostTokens).Select(t => t.Plain))
            + (_tokens.Count > MostTokens ? $"… and {_tokens.Count - MostTokens} more tokens" : "");

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private static string StyleSheet { get; } =
        Palette.Themed(".mzt", "--tl:.8;--tc:.13;--ti:#1b1e24;--tp:#fff;--tm:#5a6170",
            "--tl:.48;--tc:.12;--ti:#f0f2f5;--tp:#16181d;--tm:#a4acba") +
        ".mzt{background:var(--tp);color:var(--ti);padding:10px 12px;border-radius:6px;font-family:system-ui,sans-serif;max-width:860px;" +
        "overflow-x:auto}" +
        ".mzt-h{font-weight:600;margin-bottom:6px}.mzt-t{line-height:2.3;white-space:pre-wrap;overflow-wrap:anywhere}" +
        ".mzt-t>span{white-space:pre;border-radius:3px;padding:2px 0;border-bottom:3px solid " +
        "transparent;margin-right:1px;position:relative}.mzt-t>span:hover{outline:2px solid var(--ti)}" +
        ".mzt-t sub{font-size:.58em;color:var(--ti);vertical-align:-.45em;margin-left:1px}.mzt-l{display:flex;flex-wrap:wrap;gap:4px " +
        "14px;margin-top:8px;font-size:.85em;color:var(--tm)}" +
        ".mzt-l i{display:inline-block;width:1.1em;height:1.1em;border-radius:3px;margin:0 5px;vertical-align:-.2em}.mzt-l " +
        "b{font-weight:600;color:var(--ti)}" +
        "@media print{.mzt *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

    /// <summary>Successive numbers get hues that differ by the golden angle, so that experts with neighbouring numbers look different
    /// however many there are.</summary>
    private static string Color(int number, double strength) =>
        $"oklch(var(--tl) var(--tc) {((250 + number * 137.508) % 360).ToString("0", CultureInfo.InvariantCulture)}" +
            $"{(strength < 1 ? "/" + Percent(strength) : "")})";

    private static string Percent(double part) => Math.Clamp(Math.Round(part, 2), 0, 1).ToString("0.##", CultureInfo.InvariantCulture);

    private static string Visible(string text) => text.Length == 0
        ? "∅"
        : Svg.Encode(text.Replace("\r", "␍").Replace('\n', '⏎').Replace('\t', '⇥'));

    private static void Check(int tokens, int others, string what)
    {
        if (tokens != others)
            throw new ArgumentException($"TokenText: {tokens} tokens and {others} {what}; there must be one for each token.");
    }
}
