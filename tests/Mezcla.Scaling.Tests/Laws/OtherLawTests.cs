using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Laws;

public class OtherLawTests
{
    [Theory]
    [InlineData(4, 0.191)]
    [InlineData(6, 0.611)]
    [InlineData(8, 0.828)]
    [InlineData(16, 0.994)]
    public void Few_bits_leave_few_parameters(double bits, double share) =>
    Assert.Equal(share, PrecisionLaw.Kumar.EffectiveShare(bits, bits, bits), 3);

    [Fact]
    public void The_best_precision_is_7_bits_and_would_be_half_without_the_offsets()
    {
        Assert.Equal(7.00, PrecisionLaw.Kumar.OptimalBits(), 2);
        Assert.Equal(3.47, PrecisionLaw.Kumar.OptimalBits(withOffsets: false), 2);
    }

    [Fact]
    public void On_Llama_3_8B_the_law_is_absurd()
    {
        Assert.Equal(0.40, PrecisionLaw.Kumar.PostTrainingLoss(8.03e9, 15e12, 4), 2);
        Assert.Equal(2.2, PrecisionLaw.Kumar.PostTrainingLoss(8.03e9, 15e12, 3), 0.06);
    }

    [Fact]
    public void Beyond_the_critical_data_the_quantized_model_gets_worse()
    {
        var critical = PrecisionLaw.Kumar.CriticalTokens(1e8, 4);
        double Quantized(double tokens) => PrecisionLaw.Kumar.TokenCoefficient * Math.Pow(tokens, -PrecisionLaw.Kumar.Exponent)
            + PrecisionLaw.Kumar.PostTrainingLoss(1e8, tokens, 4);
        Assert.True(Quantized(critical) < Quantized(critical * 1.1));
        Assert.True(Quantized(critical) < Quantized(critical / 1.1));
    }

    [Fact]
    public void Precision_shares_the_budget()
    {
        Assert.Equal(6e21, PrecisionLaw.Compute(1e9, 1e12, 16), 1e9);
        Assert.True(PrecisionLaw.Kumar.Evaluate(1e8, 1e10, 4) > PrecisionLaw.Kumar.Evaluate(1e8, 1e10, 16));
    }

    [Fact]
    public void Clarks_cutoffs_from_the_rounded_table()
    {
        Assert.Equal(1.0e12, ClarkLaw.SBase.Cutoff, 0.05e12);
        Assert.Equal(3.2e10, ClarkLaw.Reinforcement.Cutoff, 0.05e10);
        Assert.Equal(2.2e11, ClarkLaw.Hash.Cutoff, 0.05e11);
    }

    [Fact]
    public void Clarks_5_million_with_128_experts_is_as_good_as_a_dense_55_million()
    {
        Assert.Equal(55e6, ClarkLaw.SBase.DenseEquivalent(5e6, 128), 5e6);
        Assert.Equal(5e6, ClarkLaw.SBase.DenseEquivalent(5e6, 1), 1);
        Assert.Equal(ClarkLaw.SBase.Start, ClarkLaw.SBase.EffectiveExperts(1), 9);
        Assert.InRange(ClarkLaw.SBase.EffectiveExperts(1e9), 314, 314.478);
        Assert.Equal(1, ClarkLaw.Dense.Evaluate(3.568e13), 9);
    }

    [Theory]
    [InlineData(100e6, 4.37e9, 8, 2.95e18, 3.11)]
    [InlineData(1e12, 7.94e12, 64, 4.97e25, 1.356)]
    public void Krajewskis_rows(double active, double tokens, int granularity, double compute, double loss)
    {
        // The name of the row says the active size: 64 x 100M.
        var total = KrajewskiLaw.TotalFromActive(active);
        Assert.Equal(43, total / active, 6);
        Assert.Equal(loss, KrajewskiLaw.Mixture.Evaluate(total, tokens, granularity), loss > 3 ? 2 : 3);
        Assert.Equal(compute, KrajewskiLaw.ComputePerToken(total, granularity) * tokens, compute * 0.01);
    }

    [Theory]
    [InlineData(2.95e18, 100e6, 3.133)]
    [InlineData(6.46e21, 7e9, 2.076)]
    [InlineData(4.97e25, 1e12, 1.367)]
    public void Krajewskis_optimum_is_near_the_tables(double compute, double active, double loss)
    {
        GranularAllocation best = KrajewskiLaw.Mixture.Optimal(compute);
        Assert.InRange(best.Parameters / KrajewskiLaw.TotalFromActive(active), 0.6, 1.7);
        Assert.InRange(best.Loss, loss - 0.035, loss + 0.005);
        Assert.InRange(best.Granularity, 8, 64);
        Assert.Equal(compute, KrajewskiLaw.ComputePerToken(best.Parameters, best.Granularity) * best.Tokens, compute * 1e-9);
    }

    [Fact]
    public void Krajewskis_dense_law() =>
    Assert.Equal(0.47 + 16.3 / Math.Pow(1e9, 0.126) + 26.7 / Math.Pow(2e10, 0.127), KrajewskiLaw.Dense.Evaluate(1e9, 2e10), 9);
}
