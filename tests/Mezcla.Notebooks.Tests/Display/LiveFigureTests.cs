using AngleSharp.Html.Parser;
using Mezcla.Notebooks.Cells;

namespace Mezcla.Notebooks.Tests;

/// <summary>A figure of a text shows the text that it began with, and draws others for a page that asks.</summary>
public sealed class LiveFigureTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    private static LiveFigure Upper(string text) => new(text, t => new MimeBundle(
        [new(MimeBundle.Html, $"<i>{t.ToUpperInvariant()}</i>"), new(MimeBundle.PlainText, t.ToUpperInvariant())]));

    private static string NameOf(LiveFigure figure) => new HtmlParser().ParseDocument(figure.ToMimeBundle()[MimeBundle.Html])
        .QuerySelector(".mezcla-live")!.GetAttribute("data-figure")!;

    [Fact]
    public async Task A_cell_shows_it()
    {
        var (result, _) = await cells.Run("new LiveFigure(\"ab\", text => text.Length)");
        Assert.Null(result.Error);
        Assert.Equal("2", result.Value![MimeBundle.PlainText]);
        Assert.Contains("data-figure", result.Value[MimeBundle.Html]);
    }

    [Theory]
    [InlineData("one \"line\" & <more>", "input")]
    [InlineData("two\nlines", "textarea")]
    [InlineData("\nbegins with an empty line", "textarea")]
    public void Its_field_holds_the_text_and_is_hidden_where_nobody_can_answer(string text, string field)
    {
        var figure = new HtmlParser().ParseDocument(Upper(text).ToMimeBundle()[MimeBundle.Html]);
        Assert.True(figure.QuerySelector(".mezcla-field")!.HasAttribute("hidden"));
        var input = figure.QuerySelector(field)!;
        Assert.Equal(text, field == "input" ? input.GetAttribute("value") : input.TextContent);
    }

    [Fact]
    public void It_draws_what_a_page_asks_for_and_keeps_its_name()
    {
        var name = NameOf(Upper("abc"));
        Assert.Equal("<i>XYZ</i>", LiveFigure.Answer(name, "xyz"));
        Assert.Equal(name, NameOf(Upper("abc")));
        Assert.NotEqual(name, NameOf(Upper("abd")));
    }

    [Fact]
    public void A_figure_that_was_never_shown_has_no_answer() => Assert.Null(LiveFigure.Answer("0123456789abcdef", "text"));

    [Fact]
    public void A_text_that_is_too_long_is_refused()
    {
        var name = NameOf(Upper("abc"));
        var refused = Assert.Throws<ArgumentException>(() => LiveFigure.Answer(name, new string('a', LiveFigure.LongestText + 1)));
        Assert.Contains("1,001 characters", refused.Message);
    }

    [Fact]
    public void Only_the_latest_figures_are_kept()
    {
        var first = NameOf(Upper("the first of many"));
        var names = Enumerable.Range(0, 100).Select(i => NameOf(Upper($"figure {i}"))).ToList();
        Assert.Null(LiveFigure.Answer(first, "x"));
        Assert.Equal("<i>X</i>", LiveFigure.Answer(names[^1], "x"));
    }
}
