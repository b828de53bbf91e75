using System.Text.RegularExpressions;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Xunit;
using Mezcla.Notebooks.Html;

namespace Mezcla.Notebooks.Tests.Html;

public partial class LatexMathTests
{
    [Theory]
    [InlineData("x", "<mi>x</mi>")]
    [InlineData("12.5", "<mn>12.5</mn>")]
    [InlineData("x^2", "<msup><mi>x</mi><mn>2</mn></msup>")]
    [InlineData("x^23", "<mrow><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></mrow>")]
    [InlineData("x_i^{n+1}", "<msubsup><mi>x</mi><mi>i</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msubsup>")]
    [InlineData("f'", "<msup><mi>f</mi><mrow><mo lspace=\"0\" rspace=\"0\">′</mo></mrow></msup>")]
    [InlineData("5,050", "<mn>5,050</mn>")]
    [InlineData("1,234,567.5", "<mn>1,234,567.5</mn>")]
    [InlineData("1,23", "<mrow><mn>1</mn><mo separator=\"true\">,</mo><mn>23</mn></mrow>")]
    [InlineData(@"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>")]
    [InlineData(@"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>")]
    [InlineData(@"\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mn>3</mn></mroot>")]
    [InlineData(@"\alpha\beta", "<mrow><mi>α</mi><mi>β</mi></mrow>")]
    [InlineData(@"\mathbb{R}", "<mi>ℝ</mi>")]
    [InlineData(@"\mathcal{L}", "<mi>ℒ</mi>")]
    [InlineData(@"\text{if } x", "<mrow><mtext>if\u00A0</mtext><mi>x</mi></mrow>")]
    [InlineData(@"a \le b < c", "<mrow><mi>a</mi><mo>≤</mo><mi>b</mi><mo>&lt;</mo><mi>c</mi></mrow>")]
    [InlineData(@"\log x", "<mrow><mi>log</mi><mspace width=\"0.167em\"/><mi>x</mi></mrow>")]
    [InlineData(@"s\log x", "<mrow><mi>s</mi><mspace width=\"0.167em\"/><mi>log</mi><mspace width=\"0.167em\"/><mi>x</mi></mrow>")]
    [InlineData(@"\hat{y}", "<mover accent=\"true\"><mrow><mi>y</mi></mrow><mo stretchy=\"false\">^</mo></mover>")]
    [InlineData(@"50\%", "<mrow><mn>50</mn><mi mathvariant=\"normal\">%</mi></mrow>")]
    [InlineData("-1", "<mrow><mo>−</mo><mn>1</mn></mrow>")]
    [InlineData("(-1", "<mrow><mo stretchy=\"false\">(</mo><mo form=\"prefix\">−</mo><mn>1</mn></mrow>")]
    [InlineData("x-1", "<mrow><mi>x</mi><mo>−</mo><mn>1</mn></mrow>")]
    public void Formulas_become_mathml(string tex, string mathml)
    {
        var (math, unknown) = LatexMath.Convert(tex, display: false);
        Assert.Empty(unknown);
        Assert.Equal(mathml, Body().Match(math).Groups[1].Value);
    }

    [Fact]
    public void Limits_stand_above_and_below_in_a_display_and_beside_in_a_line()
    {
        Assert.Contains("<munderover><mo largeop=\"true\">∑</mo>", LatexMath.ToMathMl(@"\sum_{i=1}^n", display: true));
        Assert.Contains("<msubsup><mo>∑</mo>", LatexMath.ToMathMl(@"\sum_{i=1}^n", display: false));
        Assert.Contains("<munder><mi>max</mi>", LatexMath.ToMathMl(@"\max_x", display: true));
        Assert.Contains("<munder><mi mathvariant=\"normal\">topk</mi>", LatexMath.ToMathMl(@"\operatorname*{topk}_x", display: true));
    }

    [Theory]
    [InlineData(@"\begin{cases} 0 & j \le i \\ -\infty & \text{otherwise} \end{cases}", 2, 2)]
    [InlineData(@"\begin{bmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \\ \end{bmatrix}", 2, 3)]
    [InlineData(@"\begin{array}{cc} a & b \\[2pt] c & d \end{array}", 2, 2)]
    [InlineData(@"\begin{aligned} a &= b \\ &= c \\ &= d \end{aligned}", 3, 2)]
    [InlineData(@"a &= b \\ c &= d", 2, 2)]
    public void Tables_have_their_rows_and_columns(string tex, int rows, int columns)
    {
        var (math, unknown) = LatexMath.Convert(tex, display: true);
        Assert.Empty(unknown);
        var table = XElement.Parse(math).Descendants().Single(e => e.Name.LocalName == "mtable");
        Assert.Equal(rows, table.Elements().Count());
        Assert.All(table.Elements(), row => Assert.Equal(columns, row.Elements().Count()));
    }

    [Fact]
    public void Fences_grow_and_an_empty_one_is_not_drawn()
    {
        var math = LatexMath.ToMathMl(@"\left( \frac{a}{b} \right. \left\lfloor x \right\rfloor \left\{ y \right\|", display: true);
        Assert.Contains("<mo fence=\"true\" form=\"prefix\" stretchy=\"true\">(</mo>", math);
        Assert.Contains(">⌊</mo>", math);
        Assert.Contains(">{</mo>", math);
        Assert.Contains(">‖</mo>", math);
    }

    [Fact]
    public void What_is_unknown_is_shown_and_named()
    {
        var (math, unknown) = LatexMath.Convert(@"\foo{x} + \begin{tikzcd} a \end{tikzcd}", display: false);
        Assert.Equal([@"\foo", @"\begin{tikzcd}"], unknown);
        Assert.Contains(@"<mtext class=""unknown"">\foo</mtext>", math);
        Assert.Contains(@"<annotation encoding=""application/x-tex"">\foo{x}", math);
    }

    [Property(MaxTest = 500)]
    public void Whatever_is_written_the_mathml_is_well_formed(string words, DoNotSize<int> seed)
    {
        string[] parts = ["{", "}", "^", "_", "&", "\\\\", "'", "\\left(", "\\right)", "\\right", "\\frac", "\\sqrt[", "]",
            "\\begin{cases}", "\\end{cases}", "\\begin{", "\\text{", "\\sum", "\\", "%", "<", "x", "12", "\\hat", "\\big", "$", "😀"];
        var random = new Random(seed.Item);
        var tex = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => parts[random.Next(parts.Length)]));
        foreach (var text in new[] { tex, Clean(words), Clean(words) + tex })
            XElement.Parse(LatexMath.ToMathMl(text, seed.Item % 2 == 0));

        static string Clean(string? s) => string.Concat((s ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c) && c < '\uFFFE'));
    }

    [Fact]
    public void Deep_nesting_does_not_overflow() =>
    XElement.Parse(LatexMath.ToMathMl(string.Concat(Enumerable.Repeat(@"\sqrt{", 20_000)), display: true));

    [GeneratedRegex("<semantics>(.*)<annotation")]
    private static partial Regex Body();

    [Fact]
    public void Statements_side_by_side_are_separate()
    {
        Assert.Equal(["a = 1 ", " b_{x \\qquad y}"], LatexStatements.Of(@"a = 1 \qquad b_{x \qquad y}"));
        Assert.Single(LatexStatements.Of(@"a &= 1 \qquad b \\ c &= 2"));
        var page = new MarkdownHtml("").ToHtml("$$\na = 1 \\qquad b = 2\n$$\n\nSo $a$, or $b$.", null);
        Assert.Contains("<div class=\"math statements\"><math", page);
        Assert.Contains("</math>,</span> or <span class=\"whole\">", page);
    }
}
