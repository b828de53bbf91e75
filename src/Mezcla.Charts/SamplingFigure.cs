using System.Globalization;
using System.Net;
using System.Text;

namespace Mezcla.Charts;

/// <summary>
/// The probabilities of the next token as bars, with sliders for temperature, top-k and top-p and a button that draws tokens. The sliders
/// work wherever scripts run; elsewhere the figure shows the distribution at temperature 1. Filters apply in the order temperature, top-k,
/// top-p.
/// </summary>
public sealed class SamplingFigure
{
    private const double Width = 600, Row = 22, Left = 130, Full = 360;

    private readonly (string Text, double Logit)[] _tokens;
    private readonly int _shown;
    private readonly string _title;

    /// <summary>Makes the figure.</summary>
    /// <param name="tokens">The text of each token of the vocabulary.</param>
    /// <param name="logits">The logit of each.</param>
    /// <param name="title">The title.</param>
    /// <param name="shown">How many of the likeliest tokens get a bar; the rest share one.</param>
    /// <exception cref="ArgumentException">There are not as many logits as tokens, there are none, or one is not finite.</exception>
    public SamplingFigure(IEnumerable<string> tokens, IEnumerable<float> logits, string title = "", int shown = 14)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shown, 1);
        var (texts, values) = (tokens.ToArray(), logits.ToArray());
        if (texts.Length != values.Length || texts.Length == 0)
            throw new ArgumentException($"There are {texts.Length} tokens and {values.Length} logits; each token needs one.");
        if (!values.All(float.IsFinite))
            throw new ArgumentException("A logit is not finite.", nameof(logits));
        _tokens = [.. texts.Zip(values, (text, logit) => (text, Math.Round(logit, 3))).OrderByDescending(t => t.Item2)];
        (_shown, _title) = (Math.Min(shown, texts.Length), title);
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        var tokens = string.Join(',', _tokens.Select(t => $"[\"{Json(Visible(t.Text))}\",{Number(t.Logit)}]"));
        return $"<div class=\"mezcla-sampling\" data-shown=\"{_shown}\" data-tokens=\"{WebUtility.HtmlEncode($"[{tokens}]")}\" " +
            $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\">{Controls}{Chart.HtmlFrame(Picture(), Width, 420)}" +
            $"<p class=\"mezcla-drawn\" style=\"margin:4px 12px\"></p><script>{Script}</script></div>";
    }

    /// <summary>The likeliest tokens and their probabilities at temperature 1.</summary>
    public string ToText() => $"{Heading}: " + string.Join(", ",
        Probabilities().Take(_shown).Select((p, i) => $"“{Visible(_tokens[i].Text)}” {Percent(p)}"));

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Heading => _title.Length > 0 ? _title : "The next token";

    private double[] Probabilities()
    {
        var exponentials = _tokens.Select(t => Math.Exp(t.Logit - _tokens[0].Logit)).ToArray();
        return [.. exponentials.Select(e => e / exponentials.Sum())];
    }

    private string Picture()
    {
        var svg = new Svg();
        var top = svg.Title(Heading, Width) + 14;
        var probabilities = Probabilities();
        for (var i = 0; i <= _shown; i++, top += Row)
        {
            var rest = i == _shown;
            var p = rest ? probabilities.Skip(_shown).Sum() : probabilities[i];
            var name = rest ? $"{_tokens.Length - _shown} others" : Visible(_tokens[i].Text);
            svg.Text(Left - 8, top + 14, Svg.Fit(name, Left - 16, 13), $"font-size=\"13\" text-anchor=\"end\" fill=\"{Palette.LightInk}\"");
            svg.Rect(Left, top + 2, Full * p, Row - 6, (rest ? $"class=\"bar mu\" fill=\"{Palette.LightMuted}\"" : Palette.Fill(0)
                .Replace("class=\"", "class=\"bar ", StringComparison.Ordinal)) + " rx=\"2\"");
            svg.Text(Left + Full * p + 6, top + 14, Percent(p), $"class=\"value mu\" font-size=\"12\" fill=\"{Palette.LightMuted}\"");
        }
        return ChartRenderer.Wrap(svg, Width, top + 8, Heading, ToText());
    }

    private static string Visible(string text) =>
        text.Replace(" ", "␣", StringComparison.Ordinal).Replace("\n", "⏎", StringComparison.Ordinal);

    private static string Percent(double p) => (100 * p).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Json(string text)
    {
        var json = new StringBuilder();
        foreach (var c in text)
            json.Append(c is '"' or '\\' or < ' ' or '\u007f' or '\u2028' or '\u2029' || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c);
        return json.ToString();
    }

    // Hidden until the script runs.
    private static string Controls { get; } = "<div class=\"mezcla-controls\" hidden>" + string.Concat(
        Slider("temperature", 1, 30, 10), Slider("top-k", 0, 9, 9), Slider("top-p", 1, 20, 20)) +
        "<button type=\"button\" style=\"margin:2px 12px;font:inherit\">draw 20 tokens</button> <output name=\"kept\"></output></div>";

    private static string Slider(string name, int least, int most, int value) =>
        $"<label style=\"display:flex;align-items:center;gap:8px;padding:2px 12px;flex-wrap:wrap\">" +
            $"<span style=\"width:104px\">{name}</span>" +
        $"<input type=\"range\" min=\"{least}\" max=\"{most}\" value=\"{value}\" style=\"flex:1;min-width:80px\">" +
        "<output style=\"width:40px\"></output></label>";

    // Every figure that has no handlers yet gets them, because not every notebook tells a script where it stands.
    private const string Script = """
        document.querySelectorAll('.mezcla-sampling:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var tokens = JSON.parse(root.dataset.tokens), shown = +root.dataset.shown, n = tokens.length;
          var find = function (what) { return Array.from(root.querySelectorAll(what)); };
          var sliders = find('input'), told = find('label output'), bars = find('.bar'), values = find('.value'), p = [];
          var counts = [1, 2, 3, 5, 10, 20, 50, 100, 200, n];
          function sum(list) { return list.reduce(function (a, b) { return a + b; }, 0); }
          function update() {
            var t = sliders[0].value / 10, k = Math.min(counts[sliders[1].value], n), top = sliders[2].value / 20, before = 0;
            [t.toFixed(1), k === n ? 'all' : k, top.toFixed(2)].forEach(function (text, i) { told[i].value = text; });
            p = tokens.map(function (token, i) { return i < k ? Math.exp((token[1] - tokens[0][1]) / t) : 0; });
            var total = sum(p);
            p = p.map(function (x) { x /= total; var keep = top === 1 || before < top; before += x; return keep ? x : 0; });
            total = sum(p);
            p = p.map(function (x) { return x / total; });
            bars.forEach(function (bar, i) {
              var share = i < shown ? p[i] : sum(p.slice(shown));
              bar.setAttribute('width', 360 * share);
              values[i].setAttribute('x', 136 + 360 * share);
              values[i].textContent = share > 0 ? (100 * share).toFixed(1) + ' %' : '';
            });
            root.querySelector('[name=kept]').value = p.filter(function (x) { return x > 0; }).length + ' of ' + n + ' tokens can be drawn';
          }
          function draw() {
            var u = Math.random(), i = 0;
            while (i < n - 1 && (u -= p[i]) >= 0) i++;
            return tokens[i][0];
          }
          root.querySelector('button').onclick = function () {
            root.querySelector('.mezcla-drawn').textContent = Array.from({ length: 20 }, draw).join('  ·  ');
          };
          sliders.forEach(function (slider) { slider.oninput = update; });
          root.querySelector('.mezcla-controls').hidden = false;
          update();
        });
        """;
}
