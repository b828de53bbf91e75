using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Presets;

public class PresetTests
{
    [Theory]
    [InlineData("gpt2", 124_439_808)]
    [InlineData("gpt2-medium", 354_823_168)]
    [InlineData("gpt2-large", 774_030_080)]
    [InlineData("gpt2-xl", 1_557_611_200)]
    [InlineData("gpt3-175b", 174_604_259_328)]
    [InlineData("opt-175b", 174_604_468_224)]
    [InlineData("llama-7b", 6_738_415_616)]
    [InlineData("llama-13b", 13_015_864_320)]
    [InlineData("llama-33b", 32_528_943_616)]
    [InlineData("llama-65b", 65_285_660_672)]
    [InlineData("llama2-7b", 6_738_415_616)]
    [InlineData("llama2-13b", 13_015_864_320)]
    [InlineData("llama2-70b", 68_976_648_192)]
    [InlineData("llama3-8b", 8_030_261_248)]
    [InlineData("llama3-70b", 70_553_706_496)]
    [InlineData("llama3.1-8b", 8_030_261_248)]
    [InlineData("llama3.1-70b", 70_553_706_496)]
    [InlineData("llama3.1-405b", 405_853_388_800)]
    [InlineData("mistral-7b", 7_241_732_096)]
    [InlineData("mixtral-8x7b", 46_702_792_704)]
    [InlineData("mixtral-8x22b", 140_630_071_296)]
    [InlineData("mixtral-8x22b-v32000", 140_620_634_112)]
    [InlineData("deepseek-moe-16b", 16_375_728_128)]
    [InlineData("deepseek-v2", 235_741_434_880)]
    [InlineData("deepseek-v2-lite", 15_706_484_224)]
    [InlineData("deepseek-v3", 671_026_419_200)]
    [InlineData("gpt-oss-120b", 116_829_156_672)]
    [InlineData("gpt-oss-20b", 20_914_757_184)]
    [InlineData("llama4-scout", 107_769_861_120)]
    [InlineData("llama4-maverick", 400_711_848_960)]
    public void The_total_is_the_published_one_to_the_last_digit(string name, long total) =>
        Assert.Equal(total, ParameterCount.Of(TransformerPresets.Get(name)).Total);

    [Theory]
    [InlineData("mixtral-8x7b", 12_879_925_248)]
    [InlineData("deepseek-moe-16b", 2_828_650_496)]
    public void So_is_the_active_count(string name, long active) =>
        Assert.Equal(active, ParameterCount.Of(TransformerPresets.Get(name)).Active);

    [Theory]
    [InlineData("mixtral-8x22b", 39.16)]
    [InlineData("deepseek-v2", 21.38)]
    [InlineData("deepseek-v2-lite", 2.66)]
    [InlineData("deepseek-v3", 37.55)]
    [InlineData("llama4-scout", 17.17)]
    [InlineData("llama4-maverick", 17.18)]
    [InlineData("glam-64b-64e", 96.6)]
    public void Active_counts_known_to_a_few_digits_agree(string name, double billions) =>
        Assert.Equal(billions, ParameterCount.Of(TransformerPresets.Get(name)).Active / 1e9, billions > 90 ? 1 : 2);

    [Theory]
    [InlineData("deepseek-v3", 36.63)]
    [InlineData("gpt-oss-120b", 5.13)]
    [InlineData("gpt-oss-20b", 3.61)]
    public void Without_the_lookup_of_the_input_embedding(string name, double billions) =>
        Assert.Equal(billions, ParameterCount.Of(TransformerPresets.Get(name)).ActiveWithoutLookup / 1e9, 2);

    [Fact]
    public void PaLM_has_540_354_281_472_parameters_in_its_matrices_and_119_norm_gains_beside_them()
    {
        var count = ParameterCount.Of(TransformerPresets.Get("palm-540b"));
        Assert.Equal(540_354_281_472, count.Total - count.Norms);
        Assert.Equal(119 * 18432, count.Norms);
    }

    [Fact]
    public void GLaM_has_1_162_trillion() => Assert.Equal(1.162, ParameterCount.Of(TransformerPresets.Get("glam-64b-64e")).Total / 1e12, 3);

    [Fact]
    public void The_rumoured_GPT4_adds_up()
    {
        TransformerConfig config = TransformerPresets.Get("gpt4-rumour");
        var count = ParameterCount.Of(config);
        Assert.Equal(5.549e10, count.Attention, 0.0005e10);
        Assert.Equal(1.110e11, count.Experts / 16.0, 0.0005e11);
        Assert.Equal(1831e9, count.Attention + count.Experts, 1e9);
        Assert.Equal(277e9, count.Attention + count.ActiveExperts, 1e9);
        var eight = ParameterCount.Of(TransformerPresets.Get("gpt4-rumour-8x220b"));
        Assert.Equal(1.76e12, eight.Attention + eight.Experts, 0.001e12);
        Assert.Equal(220e9, (eight.Attention + eight.Experts) / 8.0, 0.2e9);
    }

    [Fact]
    public void The_routers_of_Mixtral_are_a_fifty_thousandth_of_it()
    {
        var count = ParameterCount.Of(TransformerPresets.Get("mixtral-8x7b"));
        Assert.Equal(32 * 4096 * 8, count.Routers);
        Assert.Equal(0.002, 100.0 * count.Routers / count.Total, 3);
    }

    [Fact]
    public void Gpt2_part_by_part()
    {
        var count = ParameterCount.Of(TransformerPresets.Get("gpt2"));
        Assert.Equal(50257 * 768, count.TokenEmbedding);
        Assert.Equal(1024 * 768, count.Positions);
        Assert.Equal(12 * (4 * 768 * 768 + 4 * 768), count.Attention);
        Assert.Equal(12 * (8 * 768 * 768 + 5 * 768), count.DenseFeedForward);
        Assert.Equal(25 * 2 * 768, count.Norms);
        Assert.Equal(0, count.Head);
        Assert.Equal(count.Total, count.Parts.Sum(part => part.Total));
        Assert.Equal(count.Active, count.Parts.Sum(part => part.Active));
        Assert.Equal(count.Total, count.Active);
        Assert.Equal(count.Total - 50257 * 768 - 1024 * 768, count.NonEmbedding);
        Assert.Equal(count.Total - 1024 * 768, count.ActiveWithoutLookup);
    }

    [Fact]
    public void The_table_lists_every_part_and_the_sum()
    {
        var table = ParameterCount.Of(TransformerPresets.Get("mixtral-8x7b")).ToString();
        Assert.Contains("routers", table);
        Assert.Contains("46,702,792,704", table);
        Assert.Contains("12,879,925,248", table);
        IReadOnlyDictionary<string, string> bundle = ParameterCount.Of(TransformerPresets.Get("mixtral-8x7b")).ToMimeBundle();
        Assert.Equal(table, bundle["text/plain"]);
        Assert.Contains("<td>all</td><td>46,702,792,704</td><td>12,879,925,248</td>", bundle["text/html"]);
    }

    [Fact]
    public void Every_preset_is_named_once_and_found_in_any_case()
    {
        Assert.Equal(TransformerPresets.All.Count, TransformerPresets.Names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Same(TransformerPresets.Get("gpt2"), TransformerPresets.Get("GPT2"));
        Assert.All(TransformerPresets.All, config => Assert.True(ParameterCount.Of(config).Active <= ParameterCount.Of(config).Total));
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        var error = Assert.Throws<ArgumentException>(() => TransformerPresets.Get("gpt5"));
        Assert.Contains("'gpt5'", error.Message);
        Assert.Contains("mixtral-8x7b", error.Message);
    }

    [Fact]
    public void A_shape_too_large_to_count_is_refused()
    {
        TransformerConfig config = TransformerPresets.Get("gpt2");
        config = config with { Layers = int.MaxValue, FeedForward = new(int.MaxValue) };
        Assert.Throws<OverflowException>(() => ParameterCount.Of(config with { Layers = 3_000_000, HiddenSize = int.MaxValue }));
    }
}
