using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Calculators;

public class EstimateTests
{
    private static readonly Chip A100 = Chip.Get("A100");
    private static readonly Chip H100 = Chip.Get("H100");

    [Theory]
    [InlineData("A100", 153)]
    [InlineData("H100", 295)]
    [InlineData("H200", 206)]
    public void Ridges(string chip, double intensity)
    {
        Assert.Equal(intensity, Chip.Get(chip).Ridge, 0);
        Assert.Equal(Chip.Get(chip).Bf16Flops, Chip.Get(chip).Attainable(1000));
        Assert.Equal(10 * Chip.Get(chip).Bandwidth, Chip.Get(chip).Attainable(10));
    }

    [Theory]
    [InlineData(1.27e26, 0.55, 308.4e6)]
    [InlineData(1.27e26, 0.40, 424.0e6)]
    [InlineData(1.27e26, 0.50, 339.2e6)]
    [InlineData(1.27e26, 0.60, 282.7e6)]
    [InlineData(1.30e28, 0.60, 28.94e9)]
    [InlineData(6 * 70e9 * 1.4e12, 0.45, 1.745e6)]
    [InlineData(6 * 30e9 * 610e9, 0.45, 0.326e6)]
    public void Money(double flops, double utilization, double dollars) =>
        Assert.Equal(dollars, new TrainingEstimate(flops, A100, utilization, 1, 1.5).Cost, dollars * 0.0005);

    [Fact]
    public void Time()
    {
        Assert.Equal(85.7, new TrainingEstimate(1.27e26, A100, 0.55, 100_000, 1.5).Days, 1);
        Assert.Equal(2.20, new TrainingEstimate(1.30e28, A100, 0.60, 1_000_000, 1.5).Days / 365.25, 2);
        Assert.Equal(34.0, 809_472 / 992.0 / 24, 1);
    }

    [Theory]
    [InlineData("llama-7b", 1.0e12, 82_432, "A100", 0.437)]
    [InlineData("llama-65b", 1.4e12, 1_022_362, "A100", 0.478)]
    [InlineData("llama2-7b", 2.0e12, 184_320, "A100", 0.391)]
    [InlineData("llama2-70b", 2.0e12, 1_720_320, "A100", 0.428)]
    [InlineData("opt-175b", 300e9, 809_472, "A100", 0.346)]
    [InlineData("llama3.1-405b", 15.6e12, 30.84e6, "H100", 0.346)]
    [InlineData("llama3.1-70b", 15e12, 7.0e6, "H100", 0.255)]
    [InlineData("llama3.1-8b", 15e12, 1.46e6, "H100", 0.139)]
    public void Utilization_implied_by_published_hours(string name, double tokens, double hours, string chip, double mfu)
    {
        var flops = FlopCount.TrainingRule(ParameterCount.Of(TransformerPresets.Get(name)).Total, tokens);
        Assert.Equal(mfu, TrainingEstimate.UtilizationOf(flops, hours, Chip.Get(chip)), 3);
    }

    [Fact]
    public void The_rumoured_run()
    {
        Assert.Equal(2.18e25, TrainingEstimate.FlopsOf(25_000, 95, A100, 0.34), 0.005e25);
        Assert.Equal(0.558, TrainingEstimate.UtilizationOf(2.15e25, 8192 * 55 * 24, H100), 3);
        Assert.Equal(21.6e6, 8192 * 55 * 24 * 2.0, 0.05e6);
    }

    [Fact]
    public void A_dense_trillion_on_eight_H100()
    {
        Assert.Equal(13.4, InferenceEstimate.MemoryBoundTokensPerSecond(2e12, H100, 8), 1);
        Assert.Equal(26.8, InferenceEstimate.MemoryBoundTokensPerSecond(1e12, H100, 8), 1);
    }

    [Fact]
    public void Mixtral_gains_on_Llama_2_70B_at_batch_1_and_loses_it_when_every_expert_is_touched()
    {
        TransformerConfig mixtral = TransformerPresets.Get("mixtral-8x7b"), llama = TransformerPresets.Get("llama2-70b");
        var half = WeightFormat.Get("FP16");
        double Ratio(int batch) => InferenceEstimate.Decode(llama, A100, half, batch, chips: 2).Bytes / InferenceEstimate.Decode(mixtral,
            A100, half, batch, chips: 2).Bytes;
        Assert.Equal(5.36, Ratio(1), 0.05);
        Assert.Equal(1.48, Ratio(200), 0.01);
        Assert.True(InferenceEstimate.Decode(mixtral, A100, half).MemoryBound);
    }

    [Fact]
    public void Decoding_is_bound_by_memory_and_reading_by_arithmetic()
    {
        TransformerConfig config = TransformerPresets.Get("llama3-8b");
        var format = WeightFormat.Get("BF16");
        var one = InferenceEstimate.Decode(config, H100, format);
        Assert.Equal(3.35e12 / ((8_030_261_248 - 128256.0 * 4096) * 2), one.TokensPerSecond, 0.01);
        Assert.InRange(one.Intensity, 0.9, 1.1);
        Assert.True(one.MemoryBound);
        var prompt = InferenceEstimate.Prefill(config, H100, format, 4096);
        Assert.False(prompt.MemoryBound);
        Assert.True(prompt.Intensity > H100.Ridge);

        // A long context costs: 32k tokens of 131,072 bytes for each of 16 sequences.
        var many = InferenceEstimate.Decode(config, H100, format, 16, 32_000);
        Assert.Equal(one.Bytes + 16 * 32_000 * 131_072.0, many.Bytes, 1);
        Assert.Equal(16 * (one.Flops + 4.0 * 32 * 4096 * 32_000), many.Flops, many.Flops * 1e-6);
        Assert.Equal(3e12, InferenceEstimate.BreakEvenTokens(1e12));
    }

    [Theory]
    [InlineData(8, 2, 1, 2)]
    [InlineData(8, 2, 2, 3.5)]
    [InlineData(8, 2, 4, 5.5)]
    [InlineData(8, 2, 8, 7.2)]
    [InlineData(8, 2, 16, 7.9)]
    [InlineData(16, 2, 2, 3.75)]
    [InlineData(16, 2, 4, 6.6)]
    [InlineData(16, 2, 8, 10.5)]
    [InlineData(16, 2, 16, 14.1)]
    [InlineData(16, 2, 32, 15.8)]
    public void Experts_touched(int experts, int topK, int batch, double touched) =>
    Assert.Equal(touched, ExpertUse.Touched(experts, topK, batch), 0.051);

    [Fact]
    public void Combinations()
    {
        Assert.Equal(120, ExpertUse.Combinations(16, 2));
        Assert.Equal(4_426_165_368, ExpertUse.Combinations(64, 8));
        Assert.Equal(0, ExpertUse.Combinations(2, 3));
        Assert.Equal(double.PositiveInfinity, ExpertUse.Combinations(int.MaxValue, 1_000_000_000));
    }
}
