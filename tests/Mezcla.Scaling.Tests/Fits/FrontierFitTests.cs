using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Fits;

public class FrontierFitTests
{
    [Fact]
    public void IsoFlop_valleys_give_the_exponents_of_the_law()
    {
        ChinchillaLaw law = ChinchillaLaw.Besiroglu;
        var fit = FrontierFit.IsoFlop(Synthetic.Runs(law, 9, 0, 1));
        Assert.Equal(9, fit.Points.Count);
        Assert.Empty(fit.Omitted);
        Assert.Equal(law.SizeExponent, fit.SizeExponent, 0.01);
        Assert.Equal(1, fit.SizeExponent + fit.DataExponent, 9);

        // Over two decades the valley is no parabola, which moves its bottom a little.
        Assert.Equal(1, fit.Law.Optimal(1e20).Parameters / law.Optimal(1e20).Parameters, 0.15);
    }

    [Fact]
    public void Budgets_without_a_valley_are_named()
    {
        TrainingRun[] runs = Synthetic.Runs(ChinchillaLaw.Besiroglu, 9, 0, 1);
        double slope = 3;
        TrainingRun[] spoilt = [.. runs.Select(run => run.Compute < 7e18 ? run with { Loss = slope -= 0.1 } : run),
            new(1e9, 3e11, 2.5), new(2e9, 1.5e11, 2.6)];
        var fit = FrontierFit.IsoFlop(spoilt);
        Assert.Contains(fit.Omitted, text => text.Contains("6.00e+18"));
        Assert.Contains(fit.Omitted, text => text.Contains("3 sizes, there are 2"));
        Assert.Throws<FitException>(() => FrontierFit.IsoFlop(spoilt.Take(9)));
    }

    [Fact]
    public void The_envelope_of_curves_gives_the_exponents_of_the_law()
    {
        ChinchillaLaw law = ChinchillaLaw.Besiroglu;
        TrainingRun[] runs = [.. from i in Enumerable.Range(0, 25)
                                 let n = 1e7 * Math.Pow(10, i / 8.0)
                                 from j in Enumerable.Range(0, 60)
                                 let d = 1e8 * Math.Pow(10, j / 15.0)
                                 select new TrainingRun(n, d, law.Evaluate(n, d))];
        var fit = FrontierFit.Envelope(runs);
        Assert.Equal(law.SizeExponent, fit.SizeExponent, 0.03);
        Assert.Equal(1, fit.Law.Optimal(1e20).Parameters / law.Optimal(1e20).Parameters, 0.1);
        Assert.Throws<FitException>(() => FrontierFit.Envelope(runs.Take(100)));
    }

    [Fact]
    public void Kaplans_three_lines()
    {
        TrainingRun[] sizes =
            [.. Enumerable.Range(0, 8).Select(i => 1e6 * Math.Pow(4, i))
                .Select(n => new TrainingRun(n, 1e12, Kaplan.OfParameters.Evaluate(n)))];
        var fit = KaplanFit.OfParameters([.. sizes, new(1e6, 1e6, 9)]);
        Assert.Equal(0.076, fit.Law.Exponent, 6);
        Assert.Equal(8.8e13, fit.Law.Scale, 1e8);
        Assert.Equal(1, fit.RSquared, 9);

        TrainingRun[] tokens =
            [.. Enumerable.Range(0, 8).Select(i => 1e6 * Math.Pow(4, i)).Select(d => new TrainingRun(1e9, d, Kaplan.OfTokens.Evaluate(d)))];
        Assert.Equal(0.095, KaplanFit.OfTokens(tokens).Law.Exponent, 6);

        TrainingRun[] compute = [.. Enumerable.Range(0, 8).Select(i => Math.Pow(4, i))
            .Select(c => new TrainingRun(1e6 * c, c, Kaplan.OfCompute.Evaluate(c), c * Kaplan.PetaflopDay))];
        var frontier = KaplanFit.OfCompute([.. compute, new(1e7, 1, 8, 50 * Kaplan.PetaflopDay)]);
        Assert.Equal(0.050, frontier.Law.Exponent, 6);
        Assert.Equal(8, frontier.Points.Count);

        Assert.Throws<FitException>(() => KaplanFit.OfParameters([sizes[0]]));
        Assert.Contains("does not fall",
            Assert.Throws<FitException>(() => KaplanFit.OfParameters([new(1e6, 1e9, 2), new(1e7, 1e9, 3)])).Message);
    }
}
