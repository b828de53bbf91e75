using System.Globalization;
using System.Net;
using System.Text;

namespace Mezcla.Charts;

/// <summary>
/// The loss of all sizes that one training budget can pay for, by laws of the form L(N, D) = E + A/N^α + B/D^β, with a slider for the
/// budget. The lowest point of the curve, the best size, is marked, and its path over all budgets is drawn. Measured runs can be added;
/// those of the chosen budget stand out. The slider works wherever scripts run; elsewhere the figure shows the middle budget.
/// </summary>
public sealed class IsoFlopFigure
{
    private const double Width = 640, Left = 64, Right = 620, PlotHeight = 320;
    private const int Steps = 100, Samples = 90;

    private readonly string _title, _data, _loss;
    private readonly double _from, _to, _operations;
    private readonly List<(string Name, double[] Constants)> _laws = [];
    private readonly List<(double Compute, double Size, double Loss)> _runs = [];

    /// <summary>Makes the figure; it needs at least one law.</summary>
    /// <param name="title">The title.</param>
    /// <param name="from">The smallest budget, in FLOPs.</param>
    /// <param name="to">The largest budget.</param>
    /// <param name="operations">How many FLOPs a parameter costs for each token of training: a budget C pays for C / (operations · N)
    /// tokens.</param>
    /// <param name="data">What the tokens are called.</param>
    /// <param name="loss">The unit of the loss.</param>
    /// <exception cref="ArgumentException">The budgets are not two positive numbers, the smaller first, or the operations are not
    /// positive.</exception>
    public IsoFlopFigure(
        string title, double from, double to, double operations = 6, string data = "tokens", string loss = "nats per token")
    {
        if (!(from > 0 && to > from && double.IsFinite(to)))
            throw new ArgumentException($"The budgets go from {from} to {to}: they must be positive, the smaller first.");
        if (!(operations > 0 && double.IsFinite(operations)))
            throw new ArgumentException($"{operations} FLOPs for a parameter and token: the number must be positive.", nameof(operations));
        (_title, _from, _to, _operations, _data, _loss) = (title, from, to, operations, data, loss);
    }

    /// <summary>Adds a law, L = E + A/N^α + B/D^β. If there are several, the reader chooses among them.</summary>
    /// <param name="name">What the law is called.</param>
    /// <param name="irreducible">E.</param>
    /// <param name="parameterCoefficient">A.</param>
    /// <param name="parameterExponent">α.</param>
    /// <param name="tokenCoefficient">B.</param>
    /// <param name="tokenExponent">β.</param>
    /// <exception cref="ArgumentException">A constant is not finite, or one besides E is not positive: there is no valley then.</exception>
    public IsoFlopFigure Law(
        string name, double irreducible, double parameterCoefficient, double parameterExponent, double tokenCoefficient,
        double tokenExponent)
    {
        double[] constants = [irreducible, parameterCoefficient, parameterExponent, tokenCoefficient, tokenExponent];
        if (!constants.All(double.IsFinite) || constants.Skip(1).Any(c => c <= 0))
            throw new ArgumentException($"{name}: A, α, B and β must be positive for the curve to have a lowest point.");
        _laws.Add((name, constants));
        return this;
    }

    /// <summary>Adds measured runs of one budget.</summary>
    /// <param name="compute">The budget in FLOPs.</param>
    /// <param name="sizes">The size of each run.</param>
    /// <param name="losses">The loss of each.</param>
    /// <exception cref="ArgumentException">There are not as many losses as sizes.</exception>
    public IsoFlopFigure Runs(double compute, IEnumerable<double> sizes, IEnumerable<double> losses)
    {
        var (n, l) = (sizes.ToArray(), losses.ToArray());
        if (n.Length != l.Length)
            throw new ArgumentException($"There are {n.Length} sizes and {l.Length} losses; each run needs both.");
        _runs.AddRange(n.Zip(l, (size, loss) => (compute, size, loss)));
        return this;
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        Demand();
        var (x, y, top) = Axes();
        string[] laws = [.. _laws.Select(l => $"[{string.Join(',', l.Constants.Select(Exact))}]")];
        double[] numbers = [_from, _to, _operations, x.Min, x.Max, y.Min, y.Max, top, Samples];
        var data = $"{{\"laws\":[{string.Join(',', laws)}],\"n\":[{string.Join(',', numbers.Select(Exact))}]}}";
        return $"<div class=\"mezcla-isoflop\" data-of=\"{WebUtility.HtmlEncode(data)}\" data-tokens=\"{Svg.Encode(_data)}\" " +
            $"data-loss=\"{Svg.Encode(_loss)}\" " +
            $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\">{Controls()}{Chart.HtmlFrame(Picture(x, y, top), Width)}" +
            $"<p class=\"mezcla-best\" style=\"margin:4px 12px;min-height:2.6em\">{Svg.Encode(Best(_laws[0], Middle))}</p>" +
            $"<script>{Script}</script></div>";
    }

    /// <summary>The best size of the smallest, the middle and the largest budget by each law.</summary>
    public string ToText()
    {
        Demand();
        return $"{_title}. " + string.Join(" ", _laws.SelectMany(law =>
            new[] { _from, Middle, _to }.Select(c => $"{law.Name}, {Best(law, c)}")));
    }

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private double Middle => At(Steps / 2);

    private double At(int step) => _from * Math.Pow(_to / _from, (double)step / Steps);

    private void Demand()
    {
        if (_laws.Count == 0)
            throw new InvalidOperationException("The figure has no law: add one with Law(…).");
    }

    // On the curve, D = C / (operations · N); its lowest point is where α·A/N^α = β·B/D^β.
    private (double Size, double Tokens, double Loss) Bottom(double[] law, double compute)
    {
        var pairs = compute / _operations;
        var size = Math.Pow(law[2] * law[1] / (law[4] * law[3]) * Math.Pow(pairs, law[4]), 1 / (law[2] + law[4]));
        return (size, pairs / size, Loss(law, compute, size));
    }

    private double Loss(double[] law, double compute, double size) =>
        law[0] + law[1] * Math.Pow(size, -law[2]) + law[3] * Math.Pow(compute / (_operations * size), -law[4]);

    private string Best((string Name, double[] Constants) law, double compute)
    {
        var (size, tokens, loss) = Bottom(law.Constants, compute);
        return $"{NumberText.Power(compute)} FLOP: the best size is {NumberText.Short(size)} parameters, on " +
            $"{NumberText.Short(tokens)} {_data} ({NumberText.Short(tokens / size)} for each), with a loss of " +
            $"{loss.ToString("0.000", CultureInfo.InvariantCulture)} {_loss}.";
    }

    private (NumberScale X, NumberScale Y, double Top) Axes()
    {
        var bottoms = _laws.SelectMany(law => new[] { Bottom(law.Constants, _from), Bottom(law.Constants, _to) }).ToArray();
        double[] sizes = [.. bottoms.Select(b => b.Size), .. _runs.Select(r => r.Size)];
        double[] losses = [.. bottoms.Select(b => b.Loss), .. _runs.Select(r => r.Loss)];
        var (spread, room) = (_runs.Count > 0 ? 1.6 : 20, 0.08 * (losses.Max() - losses.Min()));
        var (low, high) = (sizes.Min() / spread, sizes.Max() * spread);
        var top = new Svg().Title(_title, Width) + 14;
        NumberScale x = new(low, high, log: true)
        {
            From = Left,
            To = Right,
            Ticks = Ticks.Log(low, high, 8, AxisFormat.Auto),
        };
        NumberScale y = new(losses.Min() - room, losses.Max() + 2 * room, log: false)
        {
            From = top + PlotHeight,
            To = top,
            Ticks = Ticks.Linear(losses.Min() - room, losses.Max() + 2 * room, 6, AxisFormat.Auto),
        };
        return (x, y, top);
    }

    private string Picture(NumberScale x, NumberScale y, double top)
    {
        var svg = new Svg();
        svg.Title(_title, Width);
        DrawAxes(svg, x, y, top);
        var law = _laws[0].Constants;
        foreach (var step in Enumerable.Range(0, 6).Select(i => i * Steps / 5))
            svg.Path(CurvePath(law, At(step), x, y), $"{Palette.Stroke(7, 1)} opacity=\"0.3\" data-step=\"{step}\"");
        svg.Path(BottomPath(law, x, y), $"{Palette.Stroke(1, 1.5)} stroke-dasharray=\"5 4\" data-role=\"path\"");
        svg.Path(CurvePath(law, Middle, x, y), $"{Palette.Stroke(0, 2.5)} data-role=\"curve\"");
        foreach (var run in _runs.Where(r => x.Has(r.Size)))
        {
            var near = Math.Abs(Math.Log(run.Compute / Middle)) < 0.1;
            svg.Circle(x.Map(run.Size), y.Map(run.Loss), 4,
                $"{Palette.Fill(0)} opacity=\"{(near ? "1" : "0.25")}\" data-compute=\"{Exact(run.Compute)}\"",
                $"{NumberText.Power(run.Compute)} FLOP, {NumberText.Short(run.Size)}: {NumberText.Short(run.Loss)}");
        }

        var best = Bottom(law, Middle);
        svg.Circle(x.Map(best.Size), y.Map(best.Loss), 6, $"{Palette.Fill(1)} data-role=\"best\"");
        return ChartRenderer.Wrap(svg, Width, top + PlotHeight + 46, _title, ToText());
    }

    private void DrawAxes(Svg svg, NumberScale x, NumberScale y, double top)
    {
        var floor = top + PlotHeight;
        var grid = $"class=\"gr\" stroke=\"{Palette.LightGrid}\"";
        var small = $"class=\"mu\" fill=\"{Palette.LightMuted}\" font-size=\"12\"";
        foreach (var tick in x.Ticks.Where(t => !t.IsMinor))
        {
            svg.Line(x.Map(tick.Value), top, x.Map(tick.Value), floor, grid);
            svg.Text(x.Map(tick.Value), floor + 16, tick.Label, $"{small} text-anchor=\"middle\"");
        }

        foreach (var tick in y.Ticks)
        {
            svg.Line(Left, y.Map(tick.Value), Right, y.Map(tick.Value), grid);
            svg.Text(Left - 6, y.Map(tick.Value) + 4, tick.Label, $"{small} text-anchor=\"end\"");
        }

        svg.Text((Left + Right) / 2, floor + 36, "parameters", $"{small} text-anchor=\"middle\"");
        svg.Text(14, top + PlotHeight / 2, _loss,
            $"{small} text-anchor=\"middle\" transform=\"rotate(-90 14 {Svg.F(top + PlotHeight / 2)})\"");
    }

    private string CurvePath(double[] law, double compute, NumberScale x, NumberScale y)
    {
        var points = Enumerable.Range(0, Samples + 1).Select(i => x.Min * Math.Pow(x.Max / x.Min, (double)i / Samples))
            .Select(n => (n, Loss(law, compute, n))).Where(p => p.Item2 <= y.Max && p.Item2 >= y.Min);
        return PathOf(points, x, y);
    }

    private string BottomPath(double[] law, NumberScale x, NumberScale y) => PathOf(
        Enumerable.Range(0, 21).Select(i => Bottom(law, At(i * Steps / 20))).Select(b => (b.Size, b.Loss)), x, y);

    private static string PathOf(IEnumerable<(double X, double Y)> points, NumberScale x, NumberScale y)
    {
        var path = new StringBuilder();
        foreach (var point in points)
            path.Append(path.Length == 0 ? 'M' : 'L').Append(Svg.F(x.Map(point.X))).Append(' ').Append(Svg.F(y.Map(point.Y)));
        return path.ToString();
    }

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    // Hidden until the script runs.
    private string Controls()
    {
        const string Row = "style=\"display:flex;align-items:center;gap:8px;padding:2px 12px\"";
        var choice = _laws.Count < 2 ? "" : $"<label {Row}><span style=\"width:70px\">law</span><select style=\"font:inherit\">" +
            string.Concat(_laws.Select(law => $"<option>{Svg.Encode(law.Name)}</option>")) + "</select></label>";
        return $"<div class=\"mezcla-controls\" hidden>{choice}<label {Row}><span style=\"width:70px\">compute</span>" +
            $"<input type=\"range\" min=\"0\" max=\"{Steps}\" value=\"{Steps / 2}\" style=\"flex:1;min-width:80px\">" +
            "<output style=\"width:104px\"></output></label></div>";
    }

    // Every figure that has no handlers yet gets them, because not every notebook tells a script where it stands.
    private const string Script = """
        document.querySelectorAll('.mezcla-isoflop:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var of = JSON.parse(root.dataset.of), n = of.n, from = n[0], to = n[1], k = n[2], samples = n[8];
          var find = function (what) { return root.querySelector(what); };
          var slider = find('input'), choice = find('select'), told = find('output'), best = find('.mezcla-best');
          function x(size) { return 64 + 556 * Math.log(size / n[3]) / Math.log(n[4] / n[3]); }
          function y(loss) { return n[7] + 320 * (1 - (loss - n[5]) / (n[6] - n[5])); }
          function short(v) {
            if (v >= 1e15) return power(v);
            var names = ['', 'k', 'M', 'B', 'T'], i = 0;
            if (v >= 9999.5) while (i < 4 && v >= 999.5) { v /= 1000; i++; }
            return +v.toPrecision(v >= 1000 ? 4 : 3) + names[i];
          }
          function power(v) {
            var parts = v.toExponential(2).split('e'), factor = +parts[0];
            var up = String(+parts[1]).replace(/./g, function (d) { return d === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[d]; });
            return (factor === 1 ? '' : factor + '×') + '10' + up;
          }
          function loss(w, c, size) { return w[0] + w[1] * Math.pow(size, -w[2]) + w[3] * Math.pow(c / (k * size), -w[4]); }
          function bottom(w, c) { return Math.pow(w[2] * w[1] / (w[4] * w[3]) * Math.pow(c / k, w[4]), 1 / (w[2] + w[4])); }
          function at(step) { return from * Math.pow(to / from, step / 100); }
          function path(points) {
            return points.map(function (p, i) { return (i ? 'L' : 'M') + x(p[0]).toFixed(1) + ' ' + y(p[1]).toFixed(1); }).join('');
          }
          function curve(w, c) {
            var points = [];
            for (var i = 0; i <= samples; i++) {
              var size = n[3] * Math.pow(n[4] / n[3], i / samples), l = loss(w, c, size);
              if (l <= n[6] && l >= n[5]) points.push([size, l]);
            }
            return path(points);
          }
          function update() {
            var w = of.laws[choice ? choice.selectedIndex : 0], c = at(+slider.value), size = bottom(w, c), l = loss(w, c, size);
            root.querySelectorAll('[data-step]').forEach(function (p) { p.setAttribute('d', curve(w, at(+p.dataset.step))); });
            var way = [];
            for (var i = 0; i <= 20; i++) { var b = bottom(w, at(5 * i)); way.push([b, loss(w, at(5 * i), b)]); }
            find('[data-role=path]').setAttribute('d', path(way));
            find('[data-role=curve]').setAttribute('d', curve(w, c));
            find('[data-role=best]').setAttribute('cx', x(size).toFixed(1));
            find('[data-role=best]').setAttribute('cy', y(l).toFixed(1));
            root.querySelectorAll('[data-compute]').forEach(function (run) {
              run.setAttribute('opacity', Math.abs(Math.log(run.dataset.compute / c)) < 0.1 ? 1 : 0.25);
            });
            told.value = power(c);
            best.textContent = power(c) + ' FLOP: the best size is ' + short(size) + ' parameters, on ' + short(c / k / size) + ' ' +
              root.dataset.tokens + ' (' + short(c / k / size / size) + ' for each), with a loss of ' + l.toFixed(3) + ' ' +
              root.dataset.loss + '.';
          }
          slider.oninput = update;
          if (choice) choice.onchange = update;
          find('.mezcla-controls').hidden = false;
          update();
        });
        """;
}
