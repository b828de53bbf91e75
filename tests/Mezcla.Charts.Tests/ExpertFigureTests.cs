using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class ExpertFigureTests
{
    private static readonly string[] Tokens = ["a", " <b>\n"];
    private static readonly int[][][] Experts = [[[3, 1], [0, 2]], [[1, 0], []]];
    private static readonly float[][][] Weights = [[[0.75f, 0.25f], [0.5f, 0.5f]], [[0.9f, 0.1f], []]];

    [Fact]
    public void Each_token_has_its_experts_in_every_block()
    {
        var page = new HtmlParser().ParseDocument(new ExpertFigure(Tokens, Experts, Weights, shown: 1).ToHtml());
        var tokens = page.QuerySelectorAll(".mze-t>span");
        Assert.Equal(["3,1", "0,–"], tokens.Select(token => token.GetAttribute("data-first")));
        Assert.Equal(["e1", "e"], tokens.Select(token => token.ClassName));
        Assert.Equal("“a”: block 0: expert 3 (75 %), expert 1 (25 %) · block 1: expert 1 (90 %), expert 0 (10 %)",
            tokens[0].GetAttribute("title"));
        Assert.EndsWith("block 1: dropped", tokens[1].GetAttribute("title"), StringComparison.Ordinal);
        Assert.Equal("␣<b>⏎–", tokens[1].TextContent);
        Assert.Equal(["false", "true"], page.QuerySelectorAll("button").Select(button => button.GetAttribute("aria-pressed")));
    }

    [Fact]
    public void Without_html_it_shows_the_first_experts_of_its_block() =>
        Assert.Equal("Experts, block 0: a[3] <b>\n[0]", new ExpertFigure(Tokens, Experts, Weights).ToText());

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ExpertFigure(["a"], Experts, Weights));
        Assert.Throws<ArgumentException>(() => new ExpertFigure([], [], []));
        Assert.Throws<ArgumentException>(() => new ExpertFigure(["a"], [[[1]]], [[[0.5f, 0.5f]]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExpertFigure(Tokens, Experts, Weights, shown: 2));
    }
}
