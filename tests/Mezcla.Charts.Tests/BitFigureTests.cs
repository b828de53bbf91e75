using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class BitFigureTests
{
    [Fact]
    public void A_layout_reads_every_half_and_every_single_as_the_runtime_does()
    {
        for (var code = 0; code < 65536; code++)
            Assert.Equal((double)BitConverter.UInt16BitsToHalf((ushort)code), FloatLayout.Float16.Value(code));
        foreach (var value in new[] { 3.14159265f, -1e-40f, float.MaxValue, 0.1f, 1 })
            Assert.Equal(value, FloatLayout.Float32.Value(BitConverter.SingleToUInt32Bits(value)));
        Assert.Equal((448, 57344), (FloatLayout.E4M3.Value(0x7e), FloatLayout.E5M2.Value(0x7b)));
        Assert.True(double.IsNaN(FloatLayout.E4M3.Value(0x7f)) && double.IsPositiveInfinity(FloatLayout.E5M2.Value(0x7c)));
        Assert.Equal(6, new FloatLayout("E2M1", 2, 1, SpecialCodes.None).Value(7));
    }

    [Fact]
    public void The_nearest_code_is_the_runtimes()
    {
        foreach (var value in new[] { 3.14159265, -0.1, 0, 65504, 1e-7, 2049, 2051 })
            Assert.Equal(BitConverter.HalfToUInt16Bits((Half)value), FloatLayout.Float16.Nearest(value));
        Assert.Equal(BitConverter.SingleToUInt32Bits(-0.1f), FloatLayout.Float32.Nearest(-0.1));
        Assert.Equal(0x7e, FloatLayout.E4M3.Nearest(448));
    }

    [Fact]
    public void Without_scripts_it_shows_the_bits_of_the_number()
    {
        var page = new HtmlParser().ParseDocument(new BitFigure(-1.5, [FloatLayout.Float32, FloatLayout.E4M3]).ToHtml());
        var rows = page.QuerySelectorAll(".bits").ToArray();
        Assert.Equal("10111111110000000000000000000000",
            string.Concat(rows[0].QuerySelectorAll(".bit").Select(b => b.GetAttribute("data-bit"))));
        Assert.Equal("10111100", string.Concat(rows[1].QuerySelectorAll(".bit").Select(b => b.TextContent)));
        Assert.Equal("− 1.5 × 2⁰ = −1.5", rows[1].QuerySelector(".value")!.TextContent);
        Assert.Contains("× 2⁹⁹ = 1.00025555×10³⁰<", new BitFigure(1.00025555e30, [FloatLayout.Float32]).ToHtml());
        Assert.True(page.QuerySelector(".mezcla-controls")!.HasAttribute("hidden"));
        Assert.Throws<ArgumentException>(() => new BitFigure(double.NaN, [FloatLayout.Float32]));
        Assert.Throws<ArgumentException>(() => new BitFigure(1, []));
    }

    [Fact]
    public void A_block_shows_its_144_bits_and_32_weights()
    {
        byte[] block = [0, 0x3c, .. Enumerable.Range(0, 16).Select(i => (byte)(i | 15 - i << 4))];
        var figure = new BlockFigure(block);
        var page = new HtmlParser().ParseDocument(figure.ToHtml());
        Assert.Equal(144, page.QuerySelectorAll(".bit").Length);
        Assert.Equal(32, page.QuerySelectorAll(".bar").Length);
        Assert.StartsWith("A block of Q4_0, 18 bytes for 32 weights: scale d = 1; weights -8, -7, -6,", figure.ToText());
        Assert.EndsWith("7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8", figure.ToText());
        Assert.Contains("not 17", Assert.Throws<ArgumentException>(() => new BlockFigure(block[..17])).Message);
    }

    [Fact]
    public void Nothing_is_fetched_and_equal_figures_are_equal()
    {
        string[] pages = [new BitFigure(1, [FloatLayout.BFloat16]).ToHtml(), new BlockFigure(new byte[18]).ToHtml()];
        Assert.All(pages, html => Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", "")));
        Assert.Equal(pages[0], new BitFigure(1, [FloatLayout.BFloat16]).ToHtml());
    }
}
