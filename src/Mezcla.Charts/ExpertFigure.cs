using System.Globalization;
using System.Net;
using System.Text;

namespace Mezcla.Charts;

/// <summary>
/// A text with each token in the colour of its first expert in one block. Under the pointer a token tells its experts in every block, and
/// buttons choose the block whose experts give the colours. Both work wherever scripts run; elsewhere the figure shows the block that it
/// begins with. Colours are those of a chart's series; the number of the expert stands below each token, so colour is never the only sign.
/// </summary>
public sealed class ExpertFigure
{
    private const int Width = 760;

    private readonly string[] _tokens;
    private readonly int[][][] _experts;
    private readonly float[][][] _weights;
    private readonly int _shown;
    private readonly string _title;

    /// <summary>Makes the figure.</summary>
    /// <param name="tokens">The text of each token.</param>
    /// <param name="experts">For each block and each token, the numbers of its experts, the largest weight first.</param>
    /// <param name="weights">The weights of those experts, in the same order.</param>
    /// <param name="shown">The block that gives the colours at the beginning.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">There is no token or no block, or a block has another number of tokens or of
    /// weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no block with the number <paramref name="shown"/>.</exception>
    public ExpertFigure(
        IEnumerable<string> tokens, IEnumerable<IEnumerable<int[]>> experts, IEnumerable<IEnumerable<float[]>> weights, int shown = 0,
        string title = "")
    {
        _tokens = [.. tokens];
        (_experts, _weights) = ([.. experts.Select(block => block.ToArray())], [.. weights.Select(block => block.ToArray())]);
        if (_tokens.Length == 0 || _experts.Length == 0)
            throw new ArgumentException($"There are {_tokens.Length} tokens and {_experts.Length} blocks; at least one of each is needed.");
        if (_experts.Length != _weights.Length || _experts.Concat<Array[]>(_weights).Any(block => block.Length != _tokens.Length)
            || _experts.Zip(_weights).Any(b => b.First.Zip(b.Second).Any(t => t.First.Length != t.Second.Length)))
            throw new ArgumentException($"Each block needs experts and as many weights for each of the {_tokens.Length} tokens.");
        ArgumentOutOfRangeException.ThrowIfNegative(shown);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shown, _experts.Length);
        (_shown, _title) = (shown, title);
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder($"<div class=\"mezcla-experts\"><style>{StyleSheet}</style>");
        if (_title.Length > 0)
            html.Append($"<div class=\"mze-h\">{WebUtility.HtmlEncode(_title)}</div>");
        html.Append("<div class=\"mze-b\" hidden>");
        for (var block = 0; block < _experts.Length; block++)
            html.Append($"<button type=\"button\" aria-pressed=\"{(block == _shown ? "true" : "false")}\">block {block}</button>");
        html.Append("</div><div class=\"mze-t\">");
        for (var t = 0; t < _tokens.Length; t++)
        {
            var firsts = string.Join(',', _experts.Select(block => First(block[t])));
            html.Append($"<span class=\"e{Colour(_experts[_shown][t])}\" data-first=\"{firsts}\" " +
                $"title=\"{WebUtility.HtmlEncode(Details(t))}\">{WebUtility.HtmlEncode(Visible(_tokens[t]))}" +
                $"<sub>{First(_experts[_shown][t])}</sub></span>");
            html.Append(string.Concat(Enumerable.Repeat("<br>", _tokens[t].Count(c => c == '\n'))));
        }
        return html.Append("</div><div class=\"mze-d\">Point at a token, or tap it, to see its experts in every block.</div>")
            .Append($"<script>{Script}</script></div>").ToString();
    }

    /// <summary>The tokens with their first experts in the block that is shown.</summary>
    public string ToText() => $"{(_title.Length > 0 ? _title : "Experts")}, block {_shown}: " +
        string.Concat(_tokens.Select((token, t) => $"{token}[{First(_experts[_shown][t])}]"));

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private static string First(int[] experts) => experts.Length == 0 ? "–" : experts[0].ToString(CultureInfo.InvariantCulture);

    private static string Colour(int[] experts) =>
        experts.Length == 0 ? "" : (experts[0] % Palette.Count).ToString(CultureInfo.InvariantCulture);

    private string Details(int token) => $"“{Visible(_tokens[token])}”: " + string.Join(" · ", _experts.Select((block, b) =>
        $"block {b}: " + (block[token].Length == 0 ? "dropped" : string.Join(", ", block[token].Select((expert, i) =>
            $"expert {expert} ({(100 * _weights[b][token][i]).ToString("0", CultureInfo.InvariantCulture)} %)")))));

    private static string Visible(string text) =>
        text.Replace(" ", "␣", StringComparison.Ordinal).Replace("\n", "⏎", StringComparison.Ordinal);

    private static string StyleSheet { get; } = Palette.Themed(".mezcla-experts", Variables(Palette.Light, Palette.LightPaper,
            Palette.LightInk), Variables(Palette.Dark, Palette.DarkPaper, Palette.DarkInk))
        + $".mezcla-experts{{background:var(--ep);color:var(--ei);max-width:{Width}px;padding:10px 12px;" +
        "font-family:system-ui,sans-serif}.mze-h{font-weight:600;margin-bottom:6px}.mze-t{line-height:2.2;overflow-wrap:anywhere}" +
        ".mze-t>span{border-bottom:4px solid;padding:2px 1px;margin-right:2px;border-radius:2px;white-space:nowrap}" +
        ".mze-t>span:hover{outline:2px solid var(--ei)}.mze-t sub{font-size:.62em;margin-left:1px}" +
        ".mze-b button{font:inherit;margin:0 6px 6px 0;padding:2px 10px}.mze-b button[aria-pressed=true]{font-weight:700;" +
        "outline:2px solid var(--ei)}.mze-d{min-height:2.8em;margin-top:6px;font-size:.92em}"
        + string.Concat(Enumerable.Range(0, Palette.Count).Select(e => $".mezcla-experts .e{e}{{border-color:var(--e{e});" +
            $"background:color-mix(in srgb,var(--e{e}) 22%,transparent)}}"))
        + "@media print{.mezcla-experts *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

    private static string Variables(string[] colours, string paper, string ink) =>
        string.Concat(colours.Select((colour, e) => $"--e{e}:{colour};")) + $"--ep:{paper};--ei:{ink}";

    // Every figure that has no handlers yet gets them, because not every notebook tells a script where it stands.
    private const string Script = """
        document.querySelectorAll('.mezcla-experts:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var find = function (what) { return Array.from(root.querySelectorAll(what)); };
          var buttons = find('.mze-b button'), tokens = find('.mze-t>span'), details = root.querySelector('.mze-d');
          tokens.forEach(function (token) {
            var text = token.title;
            token.removeAttribute('title');
            token.setAttribute('aria-label', text);
            token.onmouseenter = token.onclick = function () { details.textContent = text; };
          });
          buttons.forEach(function (button, block) {
            button.onclick = function () {
              buttons.forEach(function (other) { other.setAttribute('aria-pressed', other === button); });
              tokens.forEach(function (token) {
                var first = token.dataset.first.split(',')[block];
                token.className = first === '–' ? 'e' : 'e' + first % 8;
                token.querySelector('sub').textContent = first;
              });
            };
          });
          root.querySelector('.mze-b').hidden = false;
        });
        """;
}
