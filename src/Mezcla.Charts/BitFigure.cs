using System.Globalization;
using System.Net;

namespace Mezcla.Charts;

/// <summary>
/// One number in several floating-point formats, bit by bit. Where scripts run, a click on a bit flips it and the value beside it follows,
/// and the figure takes any number that is typed; elsewhere it shows the number that it was made with.
/// </summary>
public sealed class BitFigure
{
    private const double Width = 620, Cell = 18, Left = 12, RowHeight = 84;
    private static readonly string[] Parts = ["sign", "exponent", "mantissa"];

    private readonly double _value;
    private readonly FloatLayout[] _formats;
    private readonly string _title;

    /// <summary>Makes the figure.</summary>
    /// <param name="value">The number; each format shows the nearest that it can write.</param>
    /// <param name="formats">The formats, of at most 32 bits each.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">There is no format, or the value is not finite.</exception>
    public BitFigure(double value, IEnumerable<FloatLayout> formats, string title = "")
    {
        if (!double.IsFinite(value))
            throw new ArgumentException("The value is not finite.", nameof(value));
        (_value, _formats, _title) = (value, [.. formats], title);
        if (_formats.Length == 0)
            throw new ArgumentException("There is no format to show.", nameof(formats));
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml()
    {
        var formats = string.Join(',', _formats.Select(f => $"[{f.Exponent},{f.Mantissa},{(int)f.Specials}]"));
        return $"<div class=\"mezcla-bits\" data-formats=\"{WebUtility.HtmlEncode($"[{formats}]")}\" " +
            $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\">{Chart.HtmlFrame(Picture(), Width, 600)}" +
            "<p class=\"mezcla-controls\" hidden style=\"margin:4px 12px\"><label>write a number in all formats: " +
            $"<input type=\"text\" inputmode=\"decimal\" size=\"12\" value=\"{Digits(_value)}\" style=\"font:inherit\"></label> " +
            "<span role=\"status\"></span></p>" +
            $"<script>{Script}</script></div>";
    }

    /// <summary>Each format with its bits and the number that they stand for.</summary>
    public string ToText() => $"{Heading}: " + string.Join("; ", _formats.Select(f =>
    {
        var bits = Bits(f);
        return $"{f.Name} {bits[..1]} {bits.Substring(1, f.Exponent)} {bits[(1 + f.Exponent)..]} = {Number(f.Value(f.Nearest(_value)))}";
    }));

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Heading => _title.Length > 0 ? _title : $"{Number(_value)}, bit by bit";

    private string Bits(FloatLayout format) => Convert.ToString(format.Nearest(_value), 2).PadLeft(format.Bits, '0');

    private string Picture()
    {
        var svg = new Svg();
        var top = svg.Title(Heading, Width) + 22;
        var x = Left;
        for (var part = 0; part < Parts.Length; part++)
        {
            svg.Rect(x, top - 10, 12, 12, Palette.Fill(part));
            svg.Text(x + 18, top, Parts[part], $"font-size=\"13\" fill=\"{Palette.LightInk}\"");
            x += 44 + Svg.WidthOf(Parts[part], 13);
        }
        top += 14;
        foreach (var format in _formats)
        {
            Row(svg, format, top);
            top += RowHeight;
        }
        return ChartRenderer.Wrap(svg, Width, top, Heading, ToText());
    }

    private void Row(Svg svg, FloatLayout format, double top)
    {
        var bits = Bits(format);
        svg.Open("g", "class=\"bits\"");
        svg.Text(Left, top + 18, $"{format.Name}, {format.Bits} bits", $"font-size=\"14\" font-weight=\"600\" fill=\"{Palette.LightInk}\"");
        for (var i = 0; i < bits.Length; i++)
        {
            var part = i == 0 ? 0 : i <= format.Exponent ? 1 : 2;
            var x = Left + i * Cell;
            svg.Open("g", $"class=\"bit\" data-bit=\"{bits[i]}\"");
            svg.Rect(x, top + 26, Cell - 2, 24, $"{Palette.Fill(part)} rx=\"3\" {Faint(bits[i])}");
            svg.Text(x + Cell / 2 - 1, top + 43, bits[i].ToString(), DigitStyle(bits[i]));
            svg.Close("g");
        }
        svg.Text(Left, top + 68, Sum(format, format.Nearest(_value)), $"class=\"value\" font-size=\"13\" fill=\"{Palette.LightInk}\"");
        svg.Close("g");
    }

    internal static string Faint(char bit) => bit == '1' ? "fill-opacity=\"1\"" : "fill-opacity=\".22\"";

    internal static string DigitStyle(char bit) => "font-size=\"13\" text-anchor=\"middle\" font-family=\"monospace\" " +
        (bit == '1' ? $"class=\"pa\" style=\"fill:var(--p)\" fill=\"{Palette.LightPaper}\"" : $"fill=\"{Palette.LightInk}\"");

    // The script writes the same sentence.
    private static string Sum(FloatLayout format, long code)
    {
        var exponent = (int)(code >> format.Mantissa) & (1 << format.Exponent) - 1;
        var mantissa = (code & (1L << format.Mantissa) - 1) / (double)(1L << format.Mantissa);
        var sign = code >> format.Bits - 1 == 0 ? "+" : "−";
        var power = Math.Max(exponent, 1) - format.Bias;
        return double.IsFinite(format.Value(code))
            ? $"{sign} {Number(mantissa + (exponent == 0 ? 0 : 1))} × 2{NumberText.Superscript(power)} = {Number(format.Value(code))}"
            : Number(format.Value(code));
    }

    private static string Number(double value) => double.IsNaN(value)
        ? "not a number"
        : double.IsInfinity(value) ? value > 0 ? "infinity" : "−infinity" : Math.Abs(value) is 0 or (>= 1e-4 and < 1e9)
            ? Digits(value).Replace('-', '−')
            : NumberText.Power(value, 9);

    private static string Digits(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    // Every figure that has no handlers yet gets them, because not every notebook tells a script where it stands.
    private const string Script = """
        document.querySelectorAll('.mezcla-bits:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var formats = JSON.parse(root.dataset.formats);
          function raised(n) {
            return String(n).replace(/[-0-9]/g, function (c) { return c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[+c]; });
          }
          function short(x) {
            var parts = String(+x.toPrecision(9)).replace('-', '−').split('e');
            return parts.length < 2 ? parts[0] : parts[0] + '×10' + raised(parts[1].replace('+', '').replace('−', '-'));
          }
          function value(f, sign, e, m) {
            var bias = (1 << f[0] - 1) - 1, top = (1 << f[0]) - 1, last = Math.pow(2, f[1]) - 1;
            if (f[2] === 0 && e === top) return m > 0 ? NaN : sign ? -Infinity : Infinity;
            if (f[2] === 1 && e === top && m === last) return NaN;
            var size = (e === 0 ? m : last + 1 + m) * Math.pow(2, Math.max(e, 1) - bias - f[1]);
            return sign ? -size : size;
          }
          Array.from(root.querySelectorAll('.bits')).forEach(function (row, r) {
            var f = formats[r], bits = Array.from(row.querySelectorAll('.bit')), n = bits.length;
            function paint(bit) {
              var one = bit.dataset.bit === '1', text = bit.querySelector('text');
              bit.querySelector('rect').setAttribute('fill-opacity', one ? 1 : 0.22);
              text.textContent = bit.dataset.bit;
              text.style.fill = one ? 'var(--p)' : 'var(--i)';
            }
            function number(from, to) {
              return bits.slice(from, to).reduce(function (sum, bit) { return 2 * sum + +bit.dataset.bit; }, 0);
            }
            function update() {
              var sign = number(0, 1), e = number(1, 1 + f[0]), m = number(1 + f[0], n), v = value(f, sign, e, m);
              var power = Math.max(e, 1) - ((1 << f[0] - 1) - 1), factor = m / Math.pow(2, f[1]) + (e === 0 ? 0 : 1);
              row.querySelector('.value').textContent = isNaN(v) ? 'not a number' : !isFinite(v) ? (sign ? '−' : '') + 'infinity' :
                (sign ? '−' : '+') + ' ' + short(factor) + ' × 2' + raised(power) + ' = ' + short(v);
            }
            row.write = function (x) {
              var low = 0, high = Math.pow(2, n - 1) - 1, size = Math.abs(x);
              function at(code) { var two = Math.pow(2, f[1]); return value(f, 0, Math.floor(code / two), code % two); }
              while (!isFinite(at(high))) high--;
              while (high - low > 1) {
                var middle = Math.floor((low + high) / 2);
                if (at(middle) <= size) low = middle; else high = middle;
              }
              var below = size - at(low), above = at(high) - size;
              if (above < below || above === below && high % 2 === 0) low = high;
              bits.forEach(function (bit, i) {
                bit.dataset.bit = i === 0 ? (x < 0 ? '1' : '0') : String(Math.floor(low / Math.pow(2, n - 1 - i)) % 2);
                paint(bit);
              });
              update();
            };
            bits.forEach(function (bit) {
              bit.style.cursor = 'pointer';
              bit.onclick = function () { bit.dataset.bit = bit.dataset.bit === '1' ? '0' : '1'; paint(bit); update(); };
            });
          });
          var box = root.querySelector('input');
          box.oninput = function () {
            var words = box.value.trim().replace(',', '.').replace('−', '-'), x = words === '' ? NaN : Number(words);
            root.querySelector('[role=status]').textContent = isFinite(x) ? '' : 'this is not a number';
            if (isFinite(x)) root.querySelectorAll('.bits').forEach(function (row) { row.write(x); });
          };
          root.querySelector('.mezcla-controls').hidden = false;
        });
        """;
}
