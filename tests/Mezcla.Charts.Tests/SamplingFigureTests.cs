using System.Text.Json;
using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class SamplingFigureTests
{
    private static readonly string[] Tokens = ["a", " b", "\"c\"\n", "<d>"];
    private static readonly float[] Logits = [0, 2, 1, -1];

    [Fact]
    public void Without_scripts_it_shows_the_probabilities_at_temperature_one()
    {
        var page = new HtmlParser().ParseDocument(new SamplingFigure(Tokens, Logits, shown: 2).ToHtml());
        var sum = Logits.Sum(l => Math.Exp(l));
        var bars = page.QuerySelectorAll(".bar").Select(bar => double.Parse(bar.GetAttribute("width")!)).ToArray();
        Assert.Equal(3, bars.Length);
        Assert.Equal(360 * Math.Exp(2) / sum, bars[0], 0.1);
        Assert.Equal(360 * Math.Exp(1) / sum, bars[1], 0.1);
        Assert.Equal(360.0, bars.Sum(), 0.2);
        Assert.Contains("␣b", page.QuerySelectorAll("text").Select(text => text.TextContent));
        Assert.True(page.QuerySelector(".mezcla-controls")!.HasAttribute("hidden"));
    }

    [Fact]
    public void The_script_gets_every_token_with_its_logit_the_likeliest_first()
    {
        var page = new HtmlParser().ParseDocument(new SamplingFigure(Tokens, Logits).ToHtml());
        var tokens = JsonSerializer.Deserialize<JsonElement[][]>(page.QuerySelector(".mezcla-sampling")!.GetAttribute("data-tokens")!)!;
        Assert.Equal(["␣b", "\"c\"⏎", "a", "<d>"], tokens.Select(t => t[0].GetString()));
        Assert.Equal([2, 1, 0, -1], tokens.Select(t => t[1].GetDouble()));
    }

    [Fact]
    public void Nothing_is_fetched_and_equal_figures_are_equal()
    {
        var html = new SamplingFigure(Tokens, Logits).ToHtml();
        Assert.DoesNotContain("src=", html);
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", ""));
        Assert.Equal(html, new SamplingFigure(Tokens, Logits).ToHtml());
    }

    [Fact]
    public void Logits_that_do_not_fit_are_refused()
    {
        Assert.Contains("4 tokens and 1 logits", Assert.Throws<ArgumentException>(() => new SamplingFigure(Tokens, [1f])).Message);
        Assert.Throws<ArgumentException>(() => new SamplingFigure(["a"], [float.NaN]));
    }
}
