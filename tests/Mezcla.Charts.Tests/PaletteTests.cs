using System.Text.RegularExpressions;

namespace Mezcla.Charts.Tests;

/// <summary>The colours are told apart by readers with each kind of colour blindness, and read on their paper.</summary>
public class PaletteTests
{
    // Matrices for complete deficiency in linear RGB: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of
    // color vision deficiency", IEEE TVCG 15(6), 2009, severity 1.0.
    private static readonly Dictionary<string, double[]> Kinds = new()
    {
        ["normal"] = [1, 0, 0, 0, 1, 0, 0, 0, 1],
        ["protanopia"] = [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        ["deuteranopia"] = [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
        ["tritanopia"] = [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
    };

    [Theory]
    [InlineData("normal", 0.13)]
    [InlineData("protanopia", 0.07)]
    [InlineData("deuteranopia", 0.07)]
    [InlineData("tritanopia", 0.07)]
    public void Six_colours_are_told_apart(string kind, double least)
    {
        // 0.02 in OKLab is about the smallest difference seen side by side; lines far apart need several times that.
        foreach (var palette in new[] { Palette.Light, Palette.Dark })
        {
            for (var i = 0; i < 6; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    var difference = Distance(OkLab(See(palette[i], Kinds[kind])), OkLab(See(palette[j], Kinds[kind])));
                    Assert.True(difference >= least, $"{kind}: {palette[i]} and {palette[j]} differ by {difference:0.000}");
                }
            }
        }
    }

    [Fact]
    public void Every_colour_has_contrast_with_its_paper()
    {
        foreach (var (colours, paper) in new[] { (Palette.Light, Palette.LightPaper), (Palette.Dark, Palette.DarkPaper) })
        {
            foreach (var colour in colours)
                Assert.True(Contrast(colour, paper) >= 3, $"{colour} on {paper}: {Contrast(colour, paper):0.00}");
        }
        foreach (var (text, paper) in new[] { (Palette.LightInk, Palette.LightPaper), (Palette.LightMuted, Palette.LightPaper),
            (Palette.DarkInk, Palette.DarkPaper), (Palette.DarkMuted, Palette.DarkPaper) })
            Assert.True(Contrast(text, paper) >= 4.5);
    }

    [Fact]
    public void A_picture_has_a_rule_for_each_class_that_it_uses_and_for_no_other_series()
    {
        var chart = Chart.Lines("Two", "step", "loss").Add("first", [1, 2], [3.0, 2.0]).Add("second", [1, 2], [2.0, 1.0]);
        var picture = chart.ToSvg();
        var style = picture[picture.IndexOf("<style>", StringComparison.Ordinal)..picture.IndexOf("</style>", StringComparison.Ordinal)];
        string[] unstyled = ["mzc", "g", "g0", "g1"];
        foreach (var name in Regex.Matches(picture, "class=\"([^\"]*)\"").SelectMany(m => m.Groups[1].Value.Split(' ')).Except(unstyled))
            Assert.Contains($".{name}", style);
        Assert.Contains($"--s1:{Palette.Light[1]}", style);
        Assert.DoesNotContain("--s2", style);
        Assert.DoesNotContain("--h:", style);
        Assert.Contains("--h:", Chart.Heatmap(new[,] { { 1.0, 2 }, { 3, 4 } }, "Map").ToSvg());
    }

    private static double Contrast(string a, string b)
    {
        double Luminance(string colour) => Linear(colour) is var (r, g, blue) ? 0.2126 * r + 0.7152 * g + 0.0722 * blue : 0;
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static (double R, double G, double B) Linear(string colour)
    {
        double Part(int at) => Convert.ToInt32(colour.Substring(at, 2), 16) / 255.0 is var v && v <= 0.04045
            ? v / 12.92
            : Math.Pow((v + 0.055) / 1.055, 2.4);
        return (Part(1), Part(3), Part(5));
    }

    private static (double R, double G, double B) See(string colour, double[] m)
    {
        var (r, g, b) = Linear(colour);
        double Row(int i) => Math.Clamp(m[i] * r + m[i + 1] * g + m[i + 2] * b, 0, 1);
        return (Row(0), Row(3), Row(6));
    }

    /// <summary>OKLab of Björn Ottosson (2020), in which equal distances look about equally different.</summary>
    private static (double L, double A, double B) OkLab((double R, double G, double B) c)
    {
        var l = Math.Cbrt(0.4122214708 * c.R + 0.5363325363 * c.G + 0.0514459929 * c.B);
        var m = Math.Cbrt(0.2119034982 * c.R + 0.6806995451 * c.G + 0.1073969566 * c.B);
        var s = Math.Cbrt(0.0883024619 * c.R + 0.2817188376 * c.G + 0.6299787005 * c.B);
        return (0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s, 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s);
    }

    private static double Distance((double L, double A, double B) a, (double L, double A, double B) b) =>
        Math.Sqrt(Math.Pow(a.L - b.L, 2) + Math.Pow(a.A - b.A, 2) + Math.Pow(a.B - b.B, 2));
}
