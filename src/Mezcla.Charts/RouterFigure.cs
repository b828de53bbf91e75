using System.Globalization;
using System.Net;

namespace Mezcla.Charts;

/// <summary>
/// A router at work: tokens at the left, experts at the right, and a line from each token to every expert that it chose, as thick as the
/// expert's weight. Sliders favour an expert, and set k and the capacity; a choice that finds its expert full is a dashed line. The sliders
/// work wherever scripts run; elsewhere the figure shows the state that it begins with. First choices are served before second choices, and
/// within each in the order of the tokens; the weights are a softmax over the chosen logits.
/// </summary>
public sealed class RouterFigure
{
    private const double Width = 620, TokenRight = 120, ExpertLeft = 400, Row = 34, Slot = 13;

    // A factor of 0 stands for no limit.
    private static readonly double[] Factors = [0.5, 0.75, 1, 1.25, 1.5, 2, 0];

    private readonly string[] _tokens;
    private readonly double[,] _logits;
    private readonly int _k, _factor;
    private readonly string _title;

    /// <summary>Makes the figure.</summary>
    /// <param name="tokens">The text of each token.</param>
    /// <param name="logits">The router's logits, [tokens, experts].</param>
    /// <param name="k">How many experts each token chooses at the beginning.</param>
    /// <param name="capacity">The capacity factor at the beginning: 0.5, 0.75, 1, 1.25, 1.5 or 2; null for no limit.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">The tokens and the rows of the logits differ in number, there are none or more than eight
    /// experts, a logit is not finite, or the capacity is none of those listed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is not between 1 and the number of experts.</exception>
    public RouterFigure(IEnumerable<string> tokens, double[,] logits, int k = 1, double? capacity = null, string title = "")
    {
        ArgumentNullException.ThrowIfNull(logits);
        _tokens = [.. tokens];
        if (_tokens.Length != logits.GetLength(0) || _tokens.Length == 0)
            throw new ArgumentException(
                $"There are {_tokens.Length} tokens and {logits.GetLength(0)} rows of logits; each token needs one.");
        if (logits.GetLength(1) is < 1 or > 8)
            throw new ArgumentException($"There are {logits.GetLength(1)} experts; the figure has 1 to 8.", nameof(logits));
        if (!logits.Cast<double>().All(double.IsFinite))
            throw new ArgumentException("A logit is not finite.", nameof(logits));
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, logits.GetLength(1));
        _factor = Array.IndexOf(Factors, capacity ?? 0);
        if (_factor < 0)
            throw new ArgumentException($"A capacity factor of {capacity} has no place on the slider.", nameof(capacity));
        (_logits, _k, _title) = (logits, k, title);
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        var rows = Enumerable.Range(0, _tokens.Length)
            .Select(t => $"[{string.Join(',', Enumerable.Range(0, Experts).Select(e => Number(_logits[t, e])))}]");
        return $"<div class=\"mezcla-router\" data-logits=\"[{string.Join(',', rows)}]\" " +
            $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\">" +
            $"{Chart.HtmlFrame(Picture(), Width, 420)}<p class=\"mezcla-told\" style=\"margin:4px 12px\">" +
            $"{WebUtility.HtmlEncode(Told())}</p>{Controls()}<script>{Script}</script></div>";
    }

    /// <summary>Which experts each token goes to at the beginning, and what that does to the load.</summary>
    public string ToText() => $"{Heading}: " + string.Join(", ", _tokens.Select((token, t) => $"{Visible(token)} → "
        + string.Join(" and ", Choices().Where(c => c.Token == t).Select(c => $"{c.Expert}{(c.Kept ? "" : " (full)")}")))) + $". {Told()}";

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private int Experts => _logits.GetLength(1);

    private string Heading => _title.Length > 0 ? _title : "Tokens on their way to experts";

    private int Capacity => _factor == Factors.Length - 1
        ? int.MaxValue
        : (int)Math.Ceiling(Factors[_factor] * _tokens.Length * _k / Experts);

    private double ExpertTop(int expert) => 10 + (_tokens.Length * Row - 8) * (expert + 0.5) / Experts - 23;

    private List<(int Token, int Expert, double Weight, bool Kept)> Choices()
    {
        var choices = new List<(int, int, double, bool)>();
        var taken = new int[Experts];
        for (var rank = 0; rank < _k; rank++)
            for (var t = 0; t < _tokens.Length; t++)
            {
                var token = t;
                int[] order = [.. Enumerable.Range(0, Experts).OrderByDescending(e => _logits[token, e]).Take(_k)];
                double[] powers = [.. order.Select(e => Math.Exp(_logits[token, e] - _logits[token, order[0]]))];
                choices.Add((t, order[rank], powers[rank] / powers.Sum(), taken[order[rank]]++ < Capacity));
            }
        return choices;
    }

    private string Told()
    {
        var choices = Choices();
        double balance = 0;
        for (var e = 0; e < Experts; e++)
        {
            var expert = e;
            var share = choices.Count(c => c.Expert == expert) / (double)choices.Count;
            var mean = Enumerable.Range(0, _tokens.Length).Average(
                t => 1 / Enumerable.Range(0, Experts).Sum(other => Math.Exp(_logits[t, other] - _logits[t, expert])));
            balance += Experts * share * mean;
        }
        var limit = Capacity == int.MaxValue ? "no limit" : Capacity == 1 ? "1 place each" : $"{Capacity} places each";
        return $"{limit} · dropped {choices.Count(c => !c.Kept)} of {choices.Count} choices · " +
            $"balance loss {balance.ToString("0.00", CultureInfo.InvariantCulture)}";
    }

    private string Picture()
    {
        var svg = new Svg();
        var top = svg.Title(Heading, Width);
        svg.Open("g", $"transform=\"translate(0 {Svg.F(top)})\"");
        svg.Open("g", "class=\"flows\"");
        var choices = Choices();
        foreach (var (token, expert, weight, kept) in choices)
            svg.Path($"M{Svg.F(TokenRight)} {Svg.F(10 + token * Row + 13)}C260 {Svg.F(10 + token * Row + 13)} 260 " +
                $"{Svg.F(ExpertTop(expert) + 23)} {Svg.F(ExpertLeft)} {Svg.F(ExpertTop(expert) + 23)}",
                Palette.Stroke(expert, 1 + 5 * weight) + (kept ? "" : " stroke-dasharray=\"3 5\" opacity=\"0.45\""));
        svg.Close("g");
        for (var t = 0; t < _tokens.Length; t++)
        {
            svg.Rect(10, 10 + t * Row, TokenRight - 10, 26, $"rx=\"5\" class=\"pa ax\" fill=\"{Palette.LightPaper}\" " +
                $"stroke=\"{Palette.LightMuted}\"");
            svg.Text(65, 28 + t * Row, Svg.Fit(Visible(_tokens[t]), 100, 13),
                $"font-size=\"13\" text-anchor=\"middle\" fill=\"{Palette.LightInk}\"");
        }
        for (var e = 0; e < Experts; e++)
            Expert(svg, e, choices.Count(c => c.Expert == e && c.Kept), choices.Count(c => c.Expert == e && !c.Kept));
        svg.Close("g");
        return ChartRenderer.Wrap(svg, Width, top + _tokens.Length * Row + 14, Heading, ToText(),
            string.Join(' ', Enumerable.Range(0, Experts).Select(e => $"s{e % Palette.Count}")));
    }

    private void Expert(Svg svg, int expert, int kept, int dropped)
    {
        var y = ExpertTop(expert);
        svg.Rect(ExpertLeft, y, 76, 46, $"rx=\"6\" {Palette.Fill(expert)}");
        svg.Text(ExpertLeft + 38, y + 28, $"expert {expert}",
            $"font-size=\"13\" text-anchor=\"middle\" style=\"fill:var(--p)\" fill=\"{Palette.LightPaper}\"");
        svg.Text(ExpertLeft + 86, y + 20, $"computes {kept}", $"class=\"kept\" font-size=\"13\" fill=\"{Palette.LightInk}\"");
        svg.Text(ExpertLeft + 86, y + 20 + Slot + 4, dropped > 0 ? $"drops {dropped}" : "",
            $"class=\"drops mu\" font-size=\"13\" fill=\"{Palette.LightMuted}\"");
    }

    // Hidden until the script runs.
    private string Controls()
    {
        var favours = Enumerable.Range(0, Experts).Select(e => Slider($"logit of expert {e}", -8, 8, 0));
        return "<div class=\"mezcla-controls\" hidden>" + string.Concat(favours) + Slider("k", 1, Experts, _k)
            + Slider("capacity factor", 0, Factors.Length - 1, _factor) + "</div>";
    }

    private static string Slider(string name, int least, int most, int value) =>
        "<label style=\"display:flex;align-items:center;gap:8px;padding:2px 12px;font-size:14px\">" +
        $"<span style=\"width:132px\">{name}</span>" +
        $"<input type=\"range\" min=\"{least}\" max=\"{most}\" value=\"{value}\" style=\"flex:1;min-width:80px\">" +
        "<output style=\"width:56px\"></output></label>";

    private static string Visible(string text) =>
        text.Replace(" ", "␣", StringComparison.Ordinal).Replace("\n", "⏎", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Script { get; } = $"(function(){{var factors=[{string.Join(',', Factors.Select(Number))}];{Body}}})();";

    // Every figure that has no handlers yet gets them, because not every notebook tells a script where it stands.
    private const string Body = """
        document.querySelectorAll('.mezcla-router:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var logits = JSON.parse(root.dataset.logits), n = logits.length, E = logits[0].length;
          var find = function (what) { return Array.from(root.querySelectorAll(what)); };
          var sliders = find('input'), told = find('label output'), kept = find('.kept'), drops = find('.drops');
          var flows = root.querySelector('.flows');
          function sum(list) { return list.reduce(function (a, b) { return a + b; }, 0); }
          function count(list) { return list.filter(function (x) { return x; }).length; }
          function softmax(list) {
            var most = Math.max.apply(null, list), powers = list.map(function (x) { return Math.exp(x - most); }), total = sum(powers);
            return powers.map(function (x) { return x / total; });
          }
          function update() {
            var k = +sliders[E].value, factor = factors[sliders[E + 1].value];
            var places = factor === 0 ? Infinity : Math.ceil(factor * n * k / E);
            var rows = logits.map(function (row) { return row.map(function (l, e) { return l + sliders[e].value / 2; }); });
            var best = rows.map(function (row) {
              return row.map(function (l, e) { return e; }).sort(function (a, b) { return row[b] - row[a]; }).slice(0, k);
            });
            var weights = best.map(function (mine, t) { return softmax(mine.map(function (e) { return rows[t][e]; })); });
            var all = [], taken = rows[0].map(function () { return 0; });
            for (var rank = 0; rank < k; rank++)
              for (var t = 0; t < n; t++) {
                var e = best[t][rank];
                all.push({ t: t, e: e, w: weights[t][rank], ok: taken[e]++ < places });
              }
            var sample = flows.firstElementChild;
            while (flows.children.length > all.length) flows.lastElementChild.remove();
            while (flows.children.length < all.length) flows.appendChild(sample.cloneNode(false));
            all.forEach(function (c, i) {
              var path = flows.children[i], y = 23 + c.t * 34, to = 10 + (n * 34 - 8) * (c.e + 0.5) / E;
              path.setAttribute('d', 'M120 ' + y + 'C260 ' + y + ' 260 ' + to + ' 400 ' + to);
              path.setAttribute('class', 's' + c.e);
              path.setAttribute('stroke-width', 1 + 5 * c.w);
              path.setAttribute('stroke-dasharray', c.ok ? 'none' : '3 5');
              path.setAttribute('opacity', c.ok ? 1 : 0.45);
            });
            var p = rows.map(softmax), loss = 0, dropped = count(all.map(function (c) { return !c.ok; }));
            for (var x = 0; x < E; x++) {
              var mine = all.filter(function (c) { return c.e === x; }), ok = count(mine.map(function (c) { return c.ok; }));
              loss += E * mine.length / all.length * sum(p.map(function (row) { return row[x]; })) / n;
              kept[x].textContent = 'computes ' + ok;
              drops[x].textContent = mine.length > ok ? 'drops ' + (mine.length - ok) : '';
              told[x].value = (sliders[x].value > 0 ? '+' : '') + (sliders[x].value / 2).toFixed(1);
            }
            told[E].value = k;
            told[E + 1].value = factor === 0 ? 'no limit' : factor;
            var limit = factor === 0 ? 'no limit' : places + (places === 1 ? ' place each' : ' places each');
            root.querySelector('.mezcla-told').textContent = limit + ' · dropped ' +
              dropped + ' of ' + all.length + ' choices · balance loss ' + loss.toFixed(2);
          }
          sliders.forEach(function (slider) { slider.oninput = update; });
          root.querySelector('.mezcla-controls').hidden = false;
          update();
        });
        """;
}
