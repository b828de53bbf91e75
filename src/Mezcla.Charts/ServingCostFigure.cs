using System.Globalization;
using System.Net;

namespace Mezcla.Charts;

/// <summary>
/// What a step of writing takes, as bars: reading the weights, reading the caches, arithmetic; and how full the memory is. Sliders change
/// how the model is served. They work wherever scripts run; elsewhere the figure shows the state that it was made with.
/// </summary>
public sealed class ServingCostFigure
{
    private const double Width = 640, Row = 28, Left = 150, Full = 380;

    // Colours that the times of a step do not have.
    private const int Fitting = 7, Overflowing = 3;

    private static readonly string[] BarNames = ["read the weights", "read the caches", "arithmetic"];
    private static readonly double[] Powers = [.. Enumerable.Range(0, 16).Select(i => (double)(1 << i))];
    private static readonly double[] Gpus = [8, 16, 32, 64, 128, 256, 512, 1024], Bits = [4.5, 8, 16];
    private static readonly double[] Prices = [.. Enumerable.Range(1, 20).Select(i => i / 4.0)];

    private readonly ServingModel _model;
    private readonly ServingState _state;
    private readonly ServingChip[] _chips;
    private readonly string _title;
    private readonly (string Name, double[] Values, double At)[] _sliders;

    /// <summary>Makes the figure.</summary>
    /// <param name="model">The model.</param>
    /// <param name="state">Where the sliders stand at first.</param>
    /// <param name="chips">The GPUs to choose from, the one of <paramref name="state"/> among them.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">A slider has no place for a value of the state; the message names it.</exception>
    public ServingCostFigure(ServingModel model, ServingState state, IEnumerable<ServingChip> chips, string title = "")
    {
        (_model, _state, _chips, _title) = (model, state, [.. chips], title);
        double[] heads = [.. Enumerable.Range(1, model.Heads).Where(h => model.Heads % h == 0).Select(h => (double)h)];
        _sliders =
        [
            ("conversations", Powers[..14], state.Conversations),
            ("tokens in each", Powers[7..], state.Tokens),
            ("key/value heads", heads, state.KeyValueHeads),
            ("GPU", [.. Enumerable.Range(0, _chips.Length).Select(i => (double)i)], Array.IndexOf(_chips, state.Chip)),
            ("GPUs", Gpus, state.Gpus),
            ("bits of a weight", Bits, state.Bits),
            ("$ per GPU-hour", Prices, state.Price),
        ];
        foreach (var (name, values, at) in _sliders)
            if (!values.Contains(at))
                throw new ArgumentException($"The slider '{name}' has no place for {Number(at)}.", nameof(state));
    }

    /// <summary>What the state costs that the figure shows at first.</summary>
    public ServingCost Cost => new(_model, _state);

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        var chips = string.Join(',', _chips.Select(c =>
            $"[\"{c.Name}\",{Number(c.Flops)},{Number(c.MemoryBytes)},{Number(c.Bandwidth)}]"));
        var values = string.Join(',', _sliders.Select(s => $"[{string.Join(',', s.Values.Select(Number))}]"));
        double[] model = [_model.Rest, _model.Stored, _model.ExpertWeights, _model.Experts, _model.TopK, _model.Layers, _model.Heads,
            _model.HeadSize];
        var data = $"{{\"model\":[{string.Join(',', model.Select(Number))}],\"chips\":[{chips}],\"values\":[{values}]}}";
        return $"<div class=\"mezcla-serving\" data-serving=\"{WebUtility.HtmlEncode(data)}\" " +
            $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\"><div class=\"mezcla-controls\" hidden>" +
            string.Concat(_sliders.Select(Slider)) + $"</div>{Chart.HtmlFrame(Picture(), Width, 440)}" +
            $"<p class=\"mezcla-told\" style=\"margin:4px 12px\">{WebUtility.HtmlEncode(Told())}</p><script>{Script}</script></div>";
    }

    /// <summary>The figure in words.</summary>
    public string ToText() => $"{Heading}: {_state.Conversations:N0} conversations of {_state.Tokens:N0} tokens, " +
        $"{_state.KeyValueHeads} key/value heads, {_state.Gpus} {_state.Chip.Name}, {Number(_state.Bits)} bits, " +
        $"${Number(_state.Price)} per GPU-hour. " +
        $"{string.Join(", ", BarNames.Zip(Times(Cost), (name, time) => $"{name} {Milliseconds(time)}"))}. {Told()}";

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Heading => _title.Length > 0 ? _title : $"What a step of {_model.Name} takes";

    private static double[] Times(ServingCost cost) => [cost.WeightSeconds, cost.CacheSeconds, cost.ArithmeticSeconds];

    private string Picture()
    {
        var svg = new Svg();
        var top = svg.Title(Heading, Width) + 14;
        var cost = Cost;
        var times = Times(cost);
        for (var i = 0; i < times.Length; i++, top += Row)
            Bar(svg, top, BarNames[i], i, Full * times[i] / times.Max(), Milliseconds(times[i]));
        top += 10;
        var share = (cost.WeightBytes + cost.CacheBytes) / cost.MemoryBytes;
        svg.Rect(Left, top + 2, Full, Row - 8, $"class=\"ax\" fill=\"none\" stroke=\"{Palette.LightMuted}\" stroke-width=\"1\" rx=\"2\"");
        Bar(svg, top, "memory in use", cost.Fits ? Fitting : Overflowing, Full * Math.Min(share, 1), Percent(share));
        return ChartRenderer.Wrap(svg, Width, top + Row + 6, Heading, ToText(), $"f{Fitting} f{Overflowing}");
    }

    private static void Bar(Svg svg, double top, string name, int colour, double width, string value)
    {
        svg.Text(Left - 8, top + 17, name, $"font-size=\"13\" text-anchor=\"end\" fill=\"{Palette.LightInk}\"");
        svg.Rect(Left, top + 2, width, Row - 8,
            Palette.Fill(colour).Replace("class=\"", "class=\"bar ", StringComparison.Ordinal) + " rx=\"2\"");
        svg.Text(Left + width + 6, top + 17, value, $"class=\"value mu\" font-size=\"12\" fill=\"{Palette.LightMuted}\"");
    }

    private string Told()
    {
        var cost = Cost;
        var fits = cost.Fits ? "" :
            $"This does not fit: {Terabytes(cost.WeightBytes + cost.CacheBytes)} of weights and caches, {Terabytes(cost.MemoryBytes)} of " +
                "memory. With room enough: ";
        return $"{fits}{(cost.Fits ? 'A' : 'a')} step takes at least {Milliseconds(cost.Seconds)}. Each conversation gets " +
            $"{Precise(cost.TokensPerSecond / _state.Conversations)} tokens per second, all together {Precise(cost.TokensPerSecond)}; a " +
            $"thousand tokens cost at least ${Precise(cost.DollarsPerThousand)}.";
    }

    private static string Slider((string Name, double[] Values, double At) slider) =>
        $"<label style=\"display:flex;align-items:center;gap:8px;padding:2px 12px\">" +
        $"<span style=\"width:144px;white-space:nowrap\">{slider.Name}</span>" +
        $"<input type=\"range\" min=\"0\" max=\"{slider.Values.Length - 1}\" value=\"{Array.IndexOf(slider.Values, slider.At)}\" " +
        "style=\"flex:1;min-width:80px\"><output style=\"width:56px\"></output></label>";

    private static string Milliseconds(double seconds) => Precise(1000 * seconds) + " ms";

    private static string Terabytes(double bytes) => Precise(bytes / 1e12) + " TB";

    private static string Percent(double share) => (100 * share).ToString("#,0", CultureInfo.InvariantCulture) + " %";

    // Three significant digits without an exponent, as the script writes them.
    private static string Precise(double value)
    {
        if (value == 0)
            return "0";
        var digits = 2 - (int)Math.Floor(Math.Log10(value));
        return digits > 0
            ? value.ToString("0." + new string('#', digits), CultureInfo.InvariantCulture)
            : (Math.Round(value * Math.Pow(10, digits)) / Math.Pow(10, digits)).ToString("#,0", CultureInfo.InvariantCulture);
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // The same arithmetic as ServingCost. Every figure that has no handlers yet gets them, because not every notebook tells a script where
    // it stands.
    private const string Script = """
        document.querySelectorAll('.mezcla-serving:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var data = JSON.parse(root.dataset.serving), m = data.model;
          var find = function (what) { return Array.from(root.querySelectorAll(what)); };
          var sliders = find('input'), told = find('label output'), bars = find('.bar'), values = find('.value');
          function precise(x) {
            if (x === 0) return '0';
            var digits = 2 - Math.floor(Math.log10(x));
            if (digits > 0) return String(+x.toFixed(Math.min(digits, 20)));
            var unit = Math.pow(10, -digits);
            return (Math.round(x / unit) * unit).toLocaleString('en-US');
          }
          function bar(i, share, text) {
            bars[i].setAttribute('width', 380 * Math.min(share, 1));
            values[i].setAttribute('x', 156 + 380 * Math.min(share, 1));
            values[i].textContent = text;
          }
          function update() {
            var v = data.values.map(function (list, i) { return list[sliders[i].value]; });
            var b = v[0], tokens = v[1], kv = v[2], chip = data.chips[v[3]], gpus = v[4], bytes = v[5] / 8, price = v[6];
            v.forEach(function (x, i) { told[i].value = i === 3 ? chip[0] : x.toLocaleString('en-US'); });
            var shared = m[0] + 2 * m[5] * m[6] * m[7] * kv * m[7], touched = 1 - Math.pow(1 - m[4] / m[3], b);
            var cache = b * tokens * 4 * m[5] * kv * m[7], used = shared + m[2] * m[4] / m[3];
            var bandwidth = gpus * chip[3], memory = gpus * chip[2], stored = (shared + m[1] + m[2]) * bytes;
            var scores = 4 * m[5] * m[6] * m[7] * (tokens + 1);
            var times = [(shared + m[2] * touched) * bytes / bandwidth, cache / bandwidth, b * (2 * used + scores) / (gpus * chip[1])];
            var most = Math.max.apply(null, times), step = Math.max(times[0] + times[1], times[2]), share = (stored + cache) / memory;
            times.forEach(function (t, i) { bar(i, t / most, precise(1000 * t) + ' ms'); });
            bar(3, share, Math.round(100 * share).toLocaleString('en-US') + ' %');
            bars[3].setAttribute('class', share > 1 ? 'bar f3' : 'bar f7');
            var fits = share > 1 ? 'This does not fit: ' + precise((stored + cache) / 1e12) + ' TB of weights and caches, ' +
              precise(memory / 1e12) + ' TB of memory. With room enough: a' : 'A';
            root.querySelector('.mezcla-told').textContent = fits + ' step takes at least ' + precise(1000 * step) +
              ' ms. Each conversation gets ' + precise(1 / step) + ' tokens per second, all together ' + precise(b / step) +
              '; a thousand tokens cost at least $' + precise(1000 * gpus * price / 3600 * step / b) + '.';
          }
          sliders.forEach(function (slider) { slider.oninput = update; });
          root.querySelector('.mezcla-controls').hidden = false;
          update();
        });
        """;
}
