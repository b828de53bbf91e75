using System.Text.Json;
using AngleSharp.Html.Parser;

namespace Mezcla.Charts.Tests;

public sealed class ServingCostFigureTests
{
    private static readonly ServingChip Chip = new("chip", Flops: 1e12, MemoryBytes: 1e9, Bandwidth: 1e10);

    // 4 experts of 10 million in all, 1 used; 2 layers, 4 heads of 8, so keys and values take 2·2·32·8 weights a head.
    private static readonly ServingModel Model = new("tiny", 1e6, 5e5, 1e7, 4, 1, 2, 4, 8);

    private static readonly ServingState State = new(16, 1024, 4, Chip, 8, 16, 1.5);

    [Fact]
    public void A_step_reads_weights_and_caches_and_computes()
    {
        var cost = new ServingCost(Model, State);
        double shared = 1e6 + 2 * 2 * 32 * 4 * 8, touched = 1 - Math.Pow(0.75, 16);
        Assert.Equal((shared + 1e7 * touched) * 2 / 8e10, cost.WeightSeconds, 1e-12);
        Assert.Equal(16 * 1024 * (2 * 2 * 4 * 8) * 2 / 8e10, cost.CacheSeconds, 1e-12);
        Assert.Equal(16 * (2 * (shared + 2.5e6) + 4 * 2 * 32 * 1025) / 8e12, cost.ArithmeticSeconds, 1e-12);
        Assert.Equal(cost.WeightSeconds + cost.CacheSeconds, cost.Seconds, 1e-12);
        Assert.Equal(1000 * 8 * 1.5 / 3600 * cost.Seconds / 16, cost.DollarsPerThousand, 1e-12);
        Assert.True(cost.Fits);
        Assert.False(new ServingCost(Model, State with { Conversations = 8192, Tokens = 32768 }).Fits);
    }

    [Fact]
    public void One_token_reads_its_own_experts_only()
    {
        var cost = new ServingCost(Model, State with { Conversations = 1 });
        Assert.Equal((Model.Shared(4) + 2.5e6) * 2 / 8e10, cost.WeightSeconds, 1e-12);
    }

    [Fact]
    public void Without_scripts_it_shows_the_state_it_was_made_with()
    {
        var figure = new ServingCostFigure(Model, State, [Chip]);
        var page = new HtmlParser().ParseDocument(figure.ToHtml());
        double[] times = [figure.Cost.WeightSeconds, figure.Cost.CacheSeconds, figure.Cost.ArithmeticSeconds];
        var bars = page.QuerySelectorAll(".bar").Select(bar => double.Parse(bar.GetAttribute("width")!)).ToArray();
        Assert.Equal(4, bars.Length);
        for (var i = 0; i < 3; i++)
            Assert.Equal(380 * times[i] / times.Max(), bars[i], 0.1);
        Assert.Equal(380 * (figure.Cost.WeightBytes + figure.Cost.CacheBytes) / figure.Cost.MemoryBytes, bars[3], 0.1);
        // The bar of the memory has a colour of its own, and another one when it is too small.
        Assert.Single(page.QuerySelectorAll(".bar.f7"));
        Assert.Contains("\"bar f3\"", new ServingCostFigure(Model, State with { Tokens = 32768, Conversations = 8192 }, [Chip]).ToHtml());
        Assert.True(page.QuerySelector(".mezcla-controls")!.HasAttribute("hidden"));
        Assert.Contains("a thousand tokens cost at least $", page.QuerySelector(".mezcla-told")!.TextContent);
        Assert.DoesNotContain("does not fit", figure.ToText());
        Assert.Contains("does not fit", new ServingCostFigure(Model, State with { Tokens = 32768, Conversations = 8192 }, [Chip]).ToText());
    }

    [Fact]
    public void The_script_gets_the_model_and_the_places_of_every_slider()
    {
        var page = new HtmlParser().ParseDocument(new ServingCostFigure(Model, State, [Chip]).ToHtml());
        var data = JsonSerializer.Deserialize<JsonElement>(page.QuerySelector(".mezcla-serving")!.GetAttribute("data-serving")!);
        Assert.Equal([1e6, 5e5, 1e7, 4, 1, 2, 4, 8], data.GetProperty("model").EnumerateArray().Select(x => x.GetDouble()));
        var values = data.GetProperty("values").EnumerateArray().ToArray();
        var sliders = page.QuerySelectorAll("input").ToArray();
        Assert.Equal(values.Length, sliders.Length);
        double[] state = [16, 1024, 4, 0, 8, 16, 1.5];
        for (var i = 0; i < sliders.Length; i++)
        {
            Assert.Equal(values[i].GetArrayLength() - 1, int.Parse(sliders[i].GetAttribute("max")!));
            Assert.Equal(state[i], values[i][int.Parse(sliders[i].GetAttribute("value")!)].GetDouble());
        }
    }

    [Fact]
    public void A_state_between_the_places_of_a_slider_is_refused() =>
        Assert.Contains("'GPUs' has no place for 9",
            Assert.Throws<ArgumentException>(() => new ServingCostFigure(Model, State with { Gpus = 9 }, [Chip])).Message);

    [Fact]
    public void Nothing_is_fetched_and_equal_figures_are_equal()
    {
        var html = new ServingCostFigure(Model, State, [Chip]).ToHtml();
        Assert.DoesNotContain("src=", html);
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", ""));
        Assert.Equal(html, new ServingCostFigure(Model, State, [Chip]).ToHtml());
    }
}
