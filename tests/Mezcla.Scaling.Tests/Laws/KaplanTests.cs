using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Laws;

public class KaplanTests
{
    [Fact]
    public void The_law_of_size()
    {
        Assert.Equal(2.865, Kaplan.OfParameters.Evaluate(85e6), 3);
        Assert.Equal(2.304, Kaplan.OfParameters.Evaluate(1.5e9), 3);
        Assert.Equal(85e6, Kaplan.OfParameters.Solve(Kaplan.OfParameters.Evaluate(85e6)), 1);
    }

    [Fact]
    public void The_best_size_at_1e21() => Assert.Equal(7.77, Kaplan.Joint.Optimal(1e21).Parameters / 1e9, 2);

    [Fact]
    public void Tenfold_compute_takes_11_percent_off_the_loss() =>
        Assert.Equal(-0.109, Kaplan.OfCompute.Evaluate(10) / Kaplan.OfCompute.Evaluate(1) - 1, 3);

    [Fact]
    public void The_ratio_of_the_joint_exponents() => Assert.Equal(0.74, Kaplan.Joint.ParameterExponent / Kaplan.Joint.TokenExponent, 2);

    [Fact]
    public void Ten_times_the_compute_is_5_4_times_the_size_and_1_9_times_the_data()
    {
        Assert.Equal(5.37, Kaplan.Joint.Optimal(1e22).Parameters / Kaplan.Joint.Optimal(1e21).Parameters, 2);
        Assert.Equal(1.86, KaplanJointLaw.PublishedTokens(1e22) / KaplanJointLaw.PublishedTokens(1e21), 2);
    }

    [Fact]
    public void Data_without_end_leaves_the_joint_law_to_size()
    {
        var n = 1e8;
        Assert.Equal(Math.Pow(6.4e13 / n, 0.076), Kaplan.Joint.Evaluate(n, 1e30), 6);
        Assert.True(Kaplan.Joint.Evaluate(n, 1e9) > Kaplan.Joint.Evaluate(n, 1e10));
    }

    [Fact]
    public void The_exponent_of_compute_follows_from_the_others()
    {
        Assert.Equal(0.052, Kaplan.ComputeExponent(0.076), 3);
        Assert.InRange(Kaplan.ComputeExponent(0.077), 0.052, 0.054);
        Assert.Equal(0.10, Kaplan.EfficientStop, 2);
    }

    [Fact]
    public void Batches_and_steps()
    {
        var critical = Kaplan.CriticalBatch(3.0);
        Assert.Equal(2e8 / Math.Pow(3, 1 / 0.21), critical, 1e-6);
        Assert.Equal(500, Kaplan.MinimumSteps(1000, critical, critical), 6);
        Assert.Equal(5e20, Kaplan.MinimumCompute(1e21, critical, critical), 1e8);
        Assert.Equal(Math.Pow(6.5e13 / 1e8, 0.077) + Math.Pow(2.1e3 / 1e5, 0.76), Kaplan.Steps.Evaluate(1e8, 1e5), 9);
        Assert.Equal(5.4e3, KaplanJointLaw.PublishedSteps(Kaplan.PetaflopDay), 6);
        Assert.Equal(2.0e6, KaplanJointLaw.PublishedBatch(Kaplan.PetaflopDay), 6);
        Assert.Equal(5e3 * Math.Pow(1e9, 0.74), Kaplan.TokensAgainstOverfitting(1e9), 1);
        Assert.Equal(84_934_656, Kaplan.NonEmbeddingParameters(12, 768));
    }
}
