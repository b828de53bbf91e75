using System.Buffers.Binary;
using System.Globalization;

namespace Mezcla.Charts;

/// <summary>
/// A block of GGML's Q4_0, 32 weights in 18 bytes, bit by bit: two bytes of a float16 scale, then sixteen bytes of two 4-bit codes. Where
/// scripts run, a click on a bit flips it and the weights follow; elsewhere the figure shows the block that it was made with.
/// </summary>
public sealed class BlockFigure
{
    private const int Weights = 32, Bytes = 18;
    private const double Width = 620, Cell = 18, Left = 12, Column = 37, Half = 74;

    private readonly byte[] _block;
    private readonly string _title;

    /// <summary>Makes the figure.</summary>
    /// <param name="block">The 18 bytes.</param>
    /// <param name="title">The title.</param>
    /// <exception cref="ArgumentException">There are not 18 bytes, or the scale is not finite.</exception>
    public BlockFigure(IEnumerable<byte> block, string title = "")
    {
        (_block, _title) = ([.. block], title);
        if (_block.Length != Bytes)
            throw new ArgumentException($"A block of Q4_0 has {Bytes} bytes, not {_block.Length}.", nameof(block));
        if (!double.IsFinite(ScaleOfBlock))
            throw new ArgumentException("The block's scale is not finite.", nameof(block));
    }

    /// <summary>The figure in the forms that a notebook may need: <c>text/html</c> and <c>text/plain</c>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        new Dictionary<string, string> { ["text/html"] = ToHtml(), ["text/plain"] = ToText() };

    /// <summary>The figure as one HTML element that contains its own style and script.</summary>
    public string ToHtml() => FormattableString.Invariant($"<div class=\"mezcla-block\" data-full=\"{Full:R}\" ") +
        $"style=\"max-width:{Width}px;font-family:system-ui,sans-serif\">{Chart.HtmlFrame(Picture(), Width, 600)}" +
        $"<script>{Script}</script></div>";

    /// <summary>The scale, and the 32 weights that the block stands for.</summary>
    public string ToText() => $"{Heading}: {ScaleText}; weights " + string.Join(", ", Enumerable.Range(0, Weights)
        .Select(i => Value(i).ToString("G4", CultureInfo.InvariantCulture)));

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private string Heading => _title.Length > 0 ? _title : "A block of Q4_0, 18 bytes for 32 weights";

    private double ScaleOfBlock => (double)BinaryPrimitives.ReadHalfLittleEndian(_block);

    // The weight whose bar is as high as there is room, so that a flipped bit of the scale shows.
    private double Full => 9 * Math.Max(Math.Abs(ScaleOfBlock), 1e-6);

    private string ScaleText => $"scale d = {ScaleOfBlock.ToString("G5", CultureInfo.InvariantCulture)}";

    private double Value(int weight)
    {
        var stored = _block[2 + weight % 16];
        return ((weight < 16 ? stored & 15 : stored >> 4) - 8) * ScaleOfBlock;
    }

    private string Picture()
    {
        var svg = new Svg();
        var top = svg.Title(Heading, Width) + 22;
        Label(svg, top, "bytes 0 and 1, as a float16: ", 2);
        svg.Text(Left + 218, top, ScaleText, $"class=\"scale\" font-size=\"13\" fill=\"{Palette.LightInk}\"");
        for (var i = 0; i < 16; i++)
            Bit(svg, Left + i * Cell, top + 8, (BinaryPrimitives.ReadUInt16LittleEndian(_block) >> 15 - i & 1) == 1, 2);
        top += 58;
        Label(svg, top, "bytes 2 to 17, the highest bit on top: low four bits, weights 0 to 15", 0);
        top += 18;
        Label(svg, top, "high four bits, weights 16 to 31", 1);
        for (var column = 0; column < 16; column++)
        {
            for (var bit = 0; bit < 8; bit++)
                Bit(svg, Left + column * Column + (bit < 4 ? 0 : Cell - 1), top + 10 + (3 - bit % 4) * 20,
                    (_block[2 + column] >> bit & 1) == 1, bit < 4 ? 0 : 1);
        }
        top += 112;
        Label(svg, top, "the 32 weights: d · (code − 8)", null);
        var middle = top + 12 + Half;
        svg.Line(Left, middle, Left + 16 * Column, middle, $"class=\"ax\" stroke=\"{Palette.LightMuted}\"");
        for (var i = 0; i < Weights; i++)
        {
            var height = Half * Value(i) / Full;
            svg.Rect(Left + i * Column / 2, middle - Math.Max(height, 0), Column / 2 - 3, Math.Abs(height),
                Palette.Fill(i < 16 ? 0 : 1).Replace("class=\"", "class=\"bar ", StringComparison.Ordinal));
            svg.Text(Left + i * Column / 2 + 8, middle + Half + 16, i.ToString(CultureInfo.InvariantCulture),
                $"class=\"mu\" font-size=\"10\" text-anchor=\"middle\" fill=\"{Palette.LightMuted}\"");
        }
        return ChartRenderer.Wrap(svg, Width, middle + Half + 26, Heading, ToText());
    }

    private static void Label(Svg svg, double y, string text, int? colour)
    {
        if (colour is { } series)
            svg.Rect(Left, y - 10, 12, 12, Palette.Fill(series));
        svg.Text(Left + (colour is null ? 0 : 18), y, text, $"font-size=\"13\" fill=\"{Palette.LightInk}\"");
    }

    private static void Bit(Svg svg, double x, double y, bool one, int colour)
    {
        var digit = one ? '1' : '0';
        svg.Open("g", $"class=\"bit\" data-bit=\"{digit}\"");
        svg.Rect(x, y, Cell - 2, 19, $"{Palette.Fill(colour)} rx=\"3\" {BitFigure.Faint(digit)}");
        svg.Text(x + Cell / 2 - 1, y + 14, digit.ToString(), BitFigure.DigitStyle(digit));
        svg.Close("g");
    }

    // Bits 0 to 15 are the scale's, the highest first; after them each byte has eight, the lowest first.
    private const string Script = """
        document.querySelectorAll('.mezcla-block:not([data-ready])').forEach(function (root) {
          root.dataset.ready = 1;
          var bits = Array.from(root.querySelectorAll('.bit')), bars = Array.from(root.querySelectorAll('.bar'));
          var full = +root.dataset.full, middle = +root.querySelector('.ax').getAttribute('d').split(' ')[1].split('L')[0];
          function on(i) { return bits[i].dataset.bit === '1' ? 1 : 0; }
          function number(from, to) { var n = 0; for (var i = from; i < to; i++) n = 2 * n + on(i); return n; }
          function update() {
            var e = number(1, 6), m = number(6, 16), d = e === 31 ? NaN : (e === 0 ? m : 1024 + m) * Math.pow(2, Math.max(e, 1) - 25);
            if (on(0)) d = -d;
            root.querySelector('.scale').textContent = 'scale d = ' + (isNaN(d) ? 'not a finite number' : +d.toPrecision(5));
            bars.forEach(function (bar, i) {
              var code = 0, first = 16 + 8 * (i % 16) + (i < 16 ? 0 : 4);
              for (var bit = 3; bit >= 0; bit--) code = 2 * code + on(first + bit);
              var height = Math.max(-74, Math.min(74, 74 * (code - 8) * (isNaN(d) ? 0 : d) / full));
              bar.setAttribute('y', middle - Math.max(height, 0));
              bar.setAttribute('height', Math.abs(height));
            });
          }
          bits.forEach(function (bit) {
            bit.style.cursor = 'pointer';
            bit.onclick = function () {
              var one = bit.dataset.bit !== '1', text = bit.querySelector('text');
              bit.dataset.bit = one ? '1' : '0';
              bit.querySelector('rect').setAttribute('fill-opacity', one ? 1 : 0.22);
              text.textContent = bit.dataset.bit;
              text.style.fill = one ? 'var(--p)' : 'var(--i)';
              update();
            };
          });
        });
        """;
}
