using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Fits;

public class ChinchillaFitTests
{
    [Fact]
    public void Without_noise_the_constants_come_back()
    {
        foreach (ChinchillaLaw law in (ChinchillaLaw[])[ChinchillaLaw.Besiroglu, ChinchillaLaw.Hoffmann])
        {
            var fit = ChinchillaFit.Fit(Synthetic.Runs(law, 15, 0, 1), new() { Starts = 60 });
            Assert.Equal(law.Irreducible, fit.Law.Irreducible, 0.002);
            Assert.Equal(law.ParameterExponent, fit.Law.ParameterExponent, 0.002);
            Assert.Equal(law.TokenExponent, fit.Law.TokenExponent, 0.002);
            Assert.Equal(Math.Log(law.ParameterCoefficient), Math.Log(fit.Law.ParameterCoefficient), 0.03);
            Assert.Equal(Math.Log(law.TokenCoefficient), Math.Log(fit.Law.TokenCoefficient), 0.03);
            Assert.True(fit.RootMeanSquare < 1e-4);
            Assert.True(fit.Converged);
        }
    }

    [Fact]
    public void With_noise_they_come_back_within_the_bootstraps_intervals()
    {
        ChinchillaLaw truth = ChinchillaLaw.Besiroglu;
        var fit = ChinchillaFit.Fit(Synthetic.Runs(truth, 27, 0.004, 2), new() { Starts = 60 });
        Assert.Equal(truth.SizeExponent, fit.Law.SizeExponent, 0.03);
        Assert.Equal(truth.Irreducible, fit.Law.Irreducible, 0.04);
        var heard = new List<double>();
        IReadOnlyList<BootstrapInterval> intervals = Bootstrap.Of(fit, 200, seed: 3, confidence: 0.99, progress: new Heard(heard));
        double[] wanted = [truth.ParameterCoefficient, truth.TokenCoefficient, truth.Irreducible, truth.ParameterExponent,
            truth.TokenExponent, truth.SizeExponent, truth.DataExponent];
        for (var i = 0; i < wanted.Length; i++)
        {
            Assert.InRange(wanted[i], intervals[i].Low, intervals[i].High);
            Assert.InRange(intervals[i].Estimate, intervals[i].Low, intervals[i].High);
            Assert.True(intervals[i].StandardError > 0);
        }

        Assert.Contains(1.0, heard);
    }

    private sealed class Heard(List<double> list) : IProgress<double>
    {
        public void Report(double value)
        {
            lock (list)
                list.Add(value);
        }
    }

    [Fact]
    public void Outliers_hardly_move_it()
    {
        TrainingRun[] runs = Synthetic.Runs(ChinchillaLaw.Besiroglu, 15, 0.001, 4);
        var clean = ChinchillaFit.Fit(runs, new() { Starts = 40 });
        for (var i = 0; i < runs.Length; i += 20)
            runs[i] = runs[i] with { Loss = runs[i].Loss * 1.5 };
        var spoilt = ChinchillaFit.Fit(runs, new() { Starts = 40 });
        Assert.Equal(clean.Law.SizeExponent, spoilt.Law.SizeExponent, 0.02);
        Assert.Equal(clean.Law.Irreducible, spoilt.Law.Irreducible, 0.05);
    }

    [Fact]
    public void The_runs_of_highest_loss_can_be_left_out()
    {
        TrainingRun[] runs = Synthetic.Runs(ChinchillaLaw.Besiroglu, 6, 0, 5);
        var fit = ChinchillaFit.Fit(runs, new() { Starts = 5, DropHighest = 5 });
        Assert.Equal(runs.Length - 5, fit.Residuals.Count);
        Assert.True(fit.Residuals.Max(r => r.Run.Loss) < runs.Select(run => run.Loss).OrderDescending().ElementAt(4));
    }

    [Fact]
    public void Too_few_runs_are_refused_with_a_count()
    {
        var error = Assert.Throws<FitException>(() => ChinchillaFit.Fit(Synthetic.Runs(ChinchillaLaw.Besiroglu, 6, 0, 1).Take(4)));
        Assert.Contains("there are 4 runs", error.Message);
        TrainingRun[] oneSize = [.. Enumerable.Range(1, 10).Select(i => new TrainingRun(1e6, i * 1e7, 3.0 / i))];
        Assert.Contains("with 1 sizes", Assert.Throws<FitException>(() => ChinchillaFit.Fit(oneSize)).Message);
    }

    [Fact]
    public void The_bootstrap_depends_on_the_seed_alone()
    {
        var fit = ChinchillaFit.Fit(Synthetic.Runs(ChinchillaLaw.Besiroglu, 8, 0.003, 6), new() { Starts = 20 });
        Assert.Equal(Bootstrap.Of(fit, 20, seed: 7), Bootstrap.Of(fit, 20, seed: 7));
        Assert.NotEqual(Bootstrap.Of(fit, 20, seed: 7), Bootstrap.Of(fit, 20, seed: 8));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Bootstrap.Of(fit, 20, cancellation: cancelled.Token));
    }
}
