namespace Mezcla.Charts.Tests;

public class TokenTextTests
{
    [Fact]
    public void Experts_are_in_colour_number_tooltip_and_text()
    {
        var text = TokenText.ByExpert(["Call", " <b>", "\n"], [[1, 0], [2], []], [[0.75f, 0.25f], [1f], []], names: ["zero", "one & only"],
            title: "t");
        var html = text.ToHtml();
        Assert.Contains("title=\"one &amp; only 75%, zero 25%\"", html);
        Assert.Contains("&lt;b&gt;<sub>2</sub>", html);
        Assert.Contains("⏎<sub>–</sub></span><br>", html);
        Assert.Contains("dropped: no expert", html);
        Assert.DoesNotContain("<b> ", html);
        Assert.Equal("t\nCall[1,0] <b>[2]\n[]", text.ToText());
        Assert.Equal(["text/html", "text/plain"], text.ToMimeBundle().Keys);
    }

    [Fact]
    public void The_legend_counts_first_choices() =>
        Assert.Matches(@"expert 0 <b>2</b>.*expert 1 <b>0</b>.*expert 2 <b>1</b>", TokenText.ByExpert(["a", "b", "c"], [0, 0, 2]).ToHtml());

    [Fact]
    public void Values_shade_and_a_missing_value_does_not()
    {
        var html = TokenText.ByValue(["a", "b", "c"], [double.NaN, 1.0, 3.0], "nats").ToHtml();
        Assert.Contains("title=\"no value\">a", html);
        Assert.Contains("title=\"nats 1\" style=\"background:oklch(var(--tl) var(--tc) 250/0)\">b", html);
        Assert.Contains("250/1)\">c", html);
    }

    [Fact]
    public void Pieces_show_spaces_and_ids()
    {
        var text = TokenText.Pieces(["Call", " me", ""], [7, 8, 9]);
        Assert.Equal("Call| me|", text.ToText());
        Assert.Contains("title=\"token 1: id 8\"", text.ToHtml());
        Assert.Contains("·me", text.ToHtml());
        Assert.Contains("∅", text.ToHtml());
    }

    [Fact]
    public void Long_texts_are_cut_with_a_count()
    {
        var text = TokenText.Pieces(Enumerable.Repeat("x", 5000));
        Assert.Contains("… and 1,000 more tokens", text.ToHtml());
        Assert.Contains("… and 1000 more tokens", text.ToText());
    }

    [Fact]
    public void What_does_not_match_is_refused()
    {
        Assert.Contains("2 tokens and 1 lists of experts",
            Assert.Throws<ArgumentException>(() => TokenText.ByExpert(["a", "b"], [[1]])).Message);
        Assert.Contains("expert 8 of 8", Assert.Throws<ArgumentException>(() => TokenText.ByExpert(["a"], [[8]], count: 8)).Message);
        Assert.Contains("token 0 has 1 experts and 2 weights",
            Assert.Throws<ArgumentException>(() => TokenText.ByExpert(["a"], [[0]], [[1f, 2f]])).Message);
        Assert.Throws<ArgumentException>(() => TokenText.ByValue(["a"], [1, 2]));
    }
}
