using System.Text.Json;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class RouterFigureTests
{
    private static readonly string[] Tokens = ["a", " b", "<c>", "d"];

    // Three tokens prefer expert 0, one expert 1.
    private static readonly double[,] Logits = { { 2, 0 }, { 1, 0 }, { 3, 1 }, { 0, 1 } };

    private static IHtmlDocument Page(RouterFigure figure) => new HtmlParser().ParseDocument(figure.ToHtml());

    [Fact]
    public void Every_choice_is_a_line_as_thick_as_its_weight()
    {
        var lines = Page(new RouterFigure(Tokens, Logits, k: 2)).QuerySelectorAll(".flows path");
        Assert.Equal(8, lines.Length);
        var first = Math.Exp(2) / (Math.Exp(2) + 1);
        Assert.Equal(1 + 5 * first, double.Parse(lines[0].GetAttribute("stroke-width")!), 0.01);
        Assert.Equal(8 + 8 * 5 / 2.0, lines.Sum(line => double.Parse(line.GetAttribute("stroke-width")!)), 0.1);
    }

    [Fact]
    public void What_finds_its_expert_full_is_dropped_in_the_order_of_the_tokens()
    {
        var figure = new RouterFigure(Tokens, Logits, capacity: 1);
        Assert.Contains("<c> → 0 (full)", figure.ToText());
        Assert.Contains("2 places each · dropped 1 of 4 choices", figure.ToText());
        Assert.Contains("1 place each ·", new RouterFigure(Tokens, Logits, capacity: 0.5).ToText());
        Assert.Single(Page(figure).QuerySelectorAll(".flows path[stroke-dasharray='3 5']"));
        Assert.Contains("dropped 0 of 4 choices", new RouterFigure(Tokens, Logits).ToText());
    }

    [Fact]
    public void It_tells_the_balance_loss()
    {
        double Probability(double lead) => 1 / (1 + Math.Exp(-lead));
        var mean = (Probability(2) + Probability(1) + Probability(2) + Probability(-1)) / 4;
        var loss = 2 * (0.75 * mean + 0.25 * (1 - mean));
        Assert.Contains(FormattableString.Invariant($"balance loss {loss:0.00}"), new RouterFigure(Tokens, Logits).ToText());
    }

    [Fact]
    public void The_script_gets_the_logits_and_one_slider_for_each_expert()
    {
        var page = Page(new RouterFigure(Tokens, Logits));
        var rows = JsonSerializer.Deserialize<double[][]>(page.QuerySelector(".mezcla-router")!.GetAttribute("data-logits")!)!;
        Assert.Equal([2, 0, 1, 0, 3, 1, 0, 1], rows.SelectMany(row => row));
        Assert.Equal(4, page.QuerySelectorAll("input").Length);
        Assert.True(page.QuerySelector(".mezcla-controls")!.HasAttribute("hidden"));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Contains("1 tokens and 4 rows", Assert.Throws<ArgumentException>(() => new RouterFigure(["a"], Logits)).Message);
        Assert.Throws<ArgumentException>(() => new RouterFigure(["a"], new[,] { { double.NaN } }));
        Assert.Throws<ArgumentException>(() => new RouterFigure(["a"], new double[1, 9]));
        Assert.Throws<ArgumentException>(() => new RouterFigure(Tokens, Logits, capacity: 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RouterFigure(Tokens, Logits, k: 3));
    }
}
