using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Calculators;

public class MemoryTests
{
    private const double GiB = 1024.0 * 1024 * 1024;

    [Theory]
    [InlineData("gpt2", 36_864)]
    [InlineData("gpt3-175b", 4_718_592)]
    [InlineData("llama-7b", 524_288)]
    [InlineData("llama2-70b", 327_680)]
    [InlineData("llama3-8b", 131_072)]
    [InlineData("mixtral-8x7b", 131_072)]
    [InlineData("llama3.1-405b", 516_096)]
    [InlineData("palm-540b", 120_832)]
    [InlineData("deepseek-v3", 70_272)]
    public void A_token_adds_to_the_cache(string name, double bytes) =>
        Assert.Equal(bytes, MemoryEstimate.KeyValueBytesPerToken(TransformerPresets.Get(name)));

    [Fact]
    public void Latent_attention_saves_71_times()
    {
        TransformerConfig config = TransformerPresets.Get("deepseek-v3");

        // The usual comparison: keys and values of 128 each, the shared rotary key left out.
        Assert.Equal(4_997_120, 61 * 128 * (192 + 128) * 2);
        Assert.Equal(4_997_120, MemoryEstimate.ExpandedKeyValueBytesPerToken(config));
        Assert.Equal(71, MemoryEstimate.ExpandedKeyValueBytesPerToken(config) / MemoryEstimate.KeyValueBytesPerToken(config), 0);
        Assert.Equal(36_864, MemoryEstimate.ExpandedKeyValueBytesPerToken(TransformerPresets.Get("gpt2")));
    }

    [Fact]
    public void A_window_bounds_the_cache()
    {
        Assert.Equal(4096 * 131_072.0, MemoryEstimate.KeyValueBytes(TransformerPresets.Get("mistral-7b"), 20_000));
        TransformerConfig oss = TransformerPresets.Get("gpt-oss-20b");
        Assert.Equal(MemoryEstimate.KeyValueBytesPerToken(oss) * (10_000 + 128) / 2, MemoryEstimate.KeyValueBytes(oss, 10_000));
    }

    [Theory]
    [InlineData("FP16", 93.4)]
    [InlineData("Q8_0", 49.6)]
    [InlineData("Q4_0", 26.3)]
    public void Mixtral_by_format(string format, double gigabytes) =>
        Assert.Equal(gigabytes, WeightFormat.Get(format).Bytes(ParameterCount.Of(TransformerPresets.Get("mixtral-8x7b")).Total) / 1e9, 1);

    [Theory]
    [InlineData("llama-7b", 13.48, 3.79)]
    [InlineData("llama-13b", 26.03, 7.32)]
    public void LLaMA_on_a_laptop(string name, double half, double four)
    {
        double total = ParameterCount.Of(TransformerPresets.Get(name)).Total;
        Assert.Equal(half, WeightFormat.Get("fp16").Bytes(total) / 1e9, 2);
        Assert.Equal(four, WeightFormat.Get("q4_0").Bytes(total) / 1e9, 2);
    }

    [Theory]
    [InlineData("gpt-oss-120b", 60.77)]
    [InlineData("gpt-oss-20b", 12.82)]
    public void GptOss_with_experts_in_MXFP4(string name, double gibibytes) =>
        Assert.Equal(gibibytes, WeightFormat.Bytes(TransformerPresets.Get(name), WeightFormat.Get("mxfp4"), WeightFormat.Get("bf16")) / GiB,
            2);

    [Fact]
    public void Double_quantization_saves_three_gigabytes_at_65_billion()
    {
        Assert.Equal(4.127, WeightFormat.Get("NF4-DQ").BitsPerWeight, 3);
        var saved = WeightFormat.Get("NF4").Bytes(65e9) - WeightFormat.Get("NF4-DQ").Bytes(65e9);
        Assert.Equal(3.0, saved / 1e9, 1);
    }

    [Fact]
    public void Training_state()
    {
        Assert.Equal(108, MemoryEstimate.MixedPrecisionAdamBytes(ParameterCount.Of(TransformerPresets.Get("llama2-7b")).Total) / 1e9, 0);
        Assert.Equal(1.10, MemoryEstimate.MixedPrecisionAdamBytes(ParameterCount.Of(TransformerPresets.Get("llama2-70b")).Total) / 1e12, 2);
        Assert.Equal(1.49, MemoryEstimate.AdamCheckpointBytes(ParameterCount.Of(TransformerPresets.Get("gpt2")).Total) / 1e9, 2);
        TransformerConfig config = TransformerPresets.Get("gpt3-175b");
        Assert.Equal(2048.0 * 12288 * (34 + 5 * 96 * 2048.0 / 12288), MemoryEstimate.ActivationBytesPerLayer(config, 2048, 1), 1);
        Assert.Equal(2048.0 * 12288 * 34, MemoryEstimate.ActivationBytesPerLayer(config, 2048, 1, recomputeAttention: true), 1);
        Assert.Equal(2, MemoryEstimate.GpusFor(93.4e9, Chip.Get("A100")));
        Assert.Equal(1, MemoryEstimate.GpusFor(72e9, Chip.Get("A100")));
    }

    [Fact]
    public void Unknown_names_list_the_known()
    {
        Assert.Contains("Q4_K", Assert.Throws<ArgumentException>(() => WeightFormat.Get("q9")).Message);
        Assert.Contains("H100", Assert.Throws<ArgumentException>(() => Chip.Get("Z80")).Message);
    }
}
