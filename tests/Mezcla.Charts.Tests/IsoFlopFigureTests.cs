using System.Globalization;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class IsoFlopFigureTests
{
    // A law that treats size and data alike: the best size for a budget C is the square root of C/6.
    private static IsoFlopFigure Even() => new IsoFlopFigure("Even", 6e6, 6e10).Law("even", 1, 100, 0.5, 100, 0.5);

    [Fact]
    public void Without_scripts_it_shows_the_middle_budget_and_its_best_size()
    {
        var page = Page(Even());
        Assert.Contains("the best size is 10k parameters, on 10k tokens (1 for each), with a loss of 3.000",
            page.QuerySelector(".mezcla-best")!.TextContent);
        Assert.True(page.QuerySelector(".mezcla-controls")!.HasAttribute("hidden"));
    }

    [Fact]
    public void The_mark_lies_on_the_lowest_point_of_the_curve()
    {
        var page = Page(Even());
        double[] ys = [.. page.QuerySelector("[data-role=curve]")!.GetAttribute("d")!.Split('M', 'L')
            .Where(point => point.Length > 0).Select(point => Number(point.Split(' ')[1]))];
        // SVG's y grows downwards.
        Assert.Equal(ys.Max(), Number(page.QuerySelector("[data-role=best]")!.GetAttribute("cy")!), 0.3);
    }

    [Fact]
    public void Runs_of_the_chosen_budget_stand_out()
    {
        var figure = new IsoFlopFigure("Runs", 1e9, 1e11).Law("law", 1, 100, 0.5, 100, 0.5)
            .Runs(1e9, [5e3, 2e4], [4.0, 4.1]).Runs(1e10, [1e4], [3.3]);
        var opacities = Page(figure).QuerySelectorAll("[data-compute]").Select(run => run.GetAttribute("opacity"));
        Assert.Equal(["0.25", "0.25", "1"], opacities);
    }

    [Fact]
    public void There_is_a_choice_only_where_there_are_several_laws()
    {
        Assert.Empty(Page(Even()).QuerySelectorAll("option"));
        var two = Page(Even().Law("<other>", 1, 50, 0.4, 60, 0.3));
        Assert.Equal(["even", "<other>"], two.QuerySelectorAll("option").Select(option => option.TextContent));
    }

    [Fact]
    public void Nothing_is_fetched_and_equal_figures_are_equal()
    {
        var html = Even().ToHtml();
        Assert.DoesNotContain("src=", html);
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", ""));
        Assert.Equal(html, Even().ToHtml());
    }

    [Fact]
    public void What_makes_no_valley_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new IsoFlopFigure("t", 1e9, 1e8));
        Assert.Throws<ArgumentException>(() => new IsoFlopFigure("t", 1e8, 1e9, operations: 0));
        Assert.Contains("flat", Assert.Throws<ArgumentException>(() => Even().Law("flat", 1, 0, 0.5, 1, 0.5)).Message);
        Assert.Throws<ArgumentException>(() => Even().Runs(1e9, [1e4, 2e4], [3.0]));
        Assert.Throws<InvalidOperationException>(() => new IsoFlopFigure("t", 1e8, 1e9).ToHtml());
    }

    private static IDocument Page(IsoFlopFigure figure) => new HtmlParser().ParseDocument(figure.ToHtml());

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
