using FsCheck.Xunit;
using Mezcla.Generation;

namespace Mezcla.Tests.Generation;

public class SamplerTests
{
    private static readonly float[] Logits = [1, 3, 2, -1, 3];

    [Fact]
    public void Greedy_takes_the_first_of_the_largest() => Assert.Equal(1, new Sampler(SamplingConfig.Greedy).Next(Logits, []));

    [Fact]
    public void Top_k_keeps_exactly_k()
    {
        var kept = new Sampler(new() { TopK = 1 }).Probabilities(Logits, []);
        Assert.Equal([0, 1, 0, 0, 0], kept);
        Assert.Equal(3, new Sampler(new() { TopK = 3 }).Probabilities(Logits, []).Count(p => p > 0));
    }

    [Fact]
    public void Top_p_keeps_the_fewest_that_reach_p()
    {
        // Softmax: 0.0540 0.3993 0.1469 0.0073 0.3993
        Assert.Equal(2, new Sampler(new() { TopP = 0.79f }).Probabilities(Logits, []).Count(p => p > 0));
        Assert.Equal(3, new Sampler(new() { TopP = 0.80f }).Probabilities(Logits, []).Count(p => p > 0));
    }

    [Fact]
    public void Min_p_is_relative_to_the_most_likely() =>
    Assert.Equal(3, new Sampler(new() { MinP = 0.3f }).Probabilities(Logits, []).Count(p => p > 0));

    [Fact]
    public void Temperature_divides_the_logits()
    {
        var cold = new Sampler(new() { Temperature = 0.5f }).Probabilities([0, 1], []);
        Assert.Equal(1 / (1 + Math.Exp(-2)), cold[1], 1e-6);
    }

    [Fact]
    public void The_repetition_penalty_lowers_what_was_seen()
    {
        var p = new Sampler(new() { RepetitionPenalty = 2 }).Probabilities([1, 1, -1, -1], [0, 2, 2]);
        Assert.True(p[0] < p[1]);
        Assert.True(p[2] < p[3]);
    }

    [Property(MaxTest = 100)]
    public void Probabilities_sum_to_one(float[] values, byte k, byte p)
    {
        float[] logits = [0, .. values.Where(float.IsFinite).Select(v => Math.Clamp(v, -50, 50))];
        var config = new SamplingConfig { TopK = k % 5, TopP = (p % 100 + 1) / 100f, MinP = p % 3 * 0.1f };
        Assert.Equal(1, new Sampler(config).Probabilities(logits, []).Sum(), 1e-4f);
    }

    [Fact]
    public void Draws_follow_the_distribution()
    {
        var sampler = new Sampler(new() { Seed = 3 });
        var counts = new int[5];
        for (var i = 0; i < 20_000; i++)
            counts[sampler.Next(Logits, [])]++;
        var expected = sampler.Probabilities(Logits, []);
        for (var i = 0; i < 5; i++)
            Assert.InRange(counts[i] / 20_000.0, expected[i] - 0.015, expected[i] + 0.015);
    }

    [Theory]
    [InlineData(-1f, 0, 1f)]
    [InlineData(1f, -1, 1f)]
    [InlineData(1f, 0, 0f)]
    [InlineData(1f, 0, 1.5f)]
    public void Impossible_settings_are_refused(float temperature, int topK, float topP) =>
        Assert.Throws<ArgumentException>(() => new Sampler(new() { Temperature = temperature, TopK = topK, TopP = topP }));
}
