using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Fits;

/// <summary>The options of <see cref="ChinchillaFit"/>.</summary>
public sealed record ChinchillaFitOptions
{
    /// <summary>δ of the Huber loss on the logarithm of loss: residuals beyond it count linearly.</summary>
    public double HuberDelta { get; init; } = 1e-3;

    /// <summary>
    /// How many of the 4,500 grid points the optimizer starts from; it takes those with the lowest objective. The fit is the best of all
    /// results. Starting from every grid point takes many times as long and gives the same result if the data determine the law.
    /// </summary>
    public int Starts { get; init; } = 150;

    /// <summary>How many of the runs with the highest loss to leave out (Besiroglu et al. left out 5).</summary>
    public int DropHighest { get; init; }
}

/// <summary>
/// Approach 3 of Hoffmann et al. 2022: fits L = E + A/N^α + B/D^β by minimizing the Huber loss between the logarithms of the predicted and
/// measured losses. The prediction is written as a log-sum-exp and minimized with L-BFGS from a grid of starting points (appendix D.3;
/// Besiroglu et al. 2024). Gradients are analytic.
/// </summary>
public sealed record ChinchillaFit
{
    /// <summary>The fitted law.</summary>
    public required ChinchillaLaw Law { get; init; }

    /// <summary>The sum of Huber losses at the end.</summary>
    public required double Objective { get; init; }

    /// <summary>Whether the optimizer converged before it reached its limit of iterations.</summary>
    public required bool Converged { get; init; }

    /// <summary>How many starts ended within a millionth of the best objective: few on a hard problem, most on an easy one.</summary>
    public required int Agreeing { get; init; }

    /// <summary>The runs that were fitted, and how far the law is from each.</summary>
    public required IReadOnlyList<Residual> Residuals { get; init; }

    /// <summary>Root mean square of the residuals, in nats.</summary>
    public double RootMeanSquare => Math.Sqrt(Residuals.Average(residual => residual.Difference * residual.Difference));

    /// <summary>What a notebook shows: the constants and the quality of the fit.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        string[] headers = ["constant", "value"];
        string[][] rows =
        [
            ["E", Numbers.Format(Law.Irreducible)], ["A", Numbers.Format(Law.ParameterCoefficient)],
            ["α", Numbers.Format(Law.ParameterExponent)],
            ["B", Numbers.Format(Law.TokenCoefficient)], ["β", Numbers.Format(Law.TokenExponent)],
            ["a of N ∝ Cᵃ", Numbers.Format(Law.SizeExponent)], ["b of D ∝ Cᵇ", Numbers.Format(Law.DataExponent)],
            ["runs", Numbers.Format(Residuals.Count)], ["root mean square, nats", Numbers.Format(RootMeanSquare)],
        ];
        return ResultTable.Bundle(ResultTable.Html("L = E + A/Nᵅ + B/Dᵝ", headers, rows), ResultTable.Text(headers, rows));
    }

    internal double[] Theta { get; init; } = [];

    /// <summary>Fits the law to <paramref name="runs"/>.</summary>
    /// <exception cref="FitException">There are fewer than 5 runs, or they have fewer than 3 sizes or 3 token counts.</exception>
    public static ChinchillaFit Fit(IEnumerable<TrainingRun> runs, ChinchillaFitOptions? options = null)
    {
        options ??= new();
        TrainingRun[] kept = [.. runs.OrderByDescending(run => run.Loss).Skip(options.DropHighest)];
        Demand(kept);
        var problem = new Problem(kept, options.HuberDelta);
        double[][] starts = [.. Grid().Select(theta => (theta, value: problem.Value(theta))).OrderBy(start => start.value)
            .Take(Math.Max(1, options.Starts)).Select(start => start.theta)];
        var ends = new Minimum[starts.Length];
        Parallel.For(0, starts.Length, i => ends[i] = Lbfgs.Minimize(problem.Evaluate, starts[i]));
        Minimum best = ends.MinBy(end => end.Value)!;
        ChinchillaLaw law = LawOf(best.X, $"fit to {kept.Length} runs");
        return new()
        {
            Law = law,
            Objective = best.Value,
            Converged = best.Converged,
            Agreeing = ends.Count(end => end.Value <= best.Value * (1 + 1e-6) + 1e-15),
            Residuals = [.. kept.Select(run => Residual.Of(run, law.Evaluate(run.Parameters, run.Tokens)))],
            Theta = best.X,
        };
    }

    /// <summary>Fits again, starting near this fit's result: a fast way to fit resampled data.</summary>
    internal ChinchillaLaw Refit(IReadOnlyList<TrainingRun> runs, double delta)
    {
        var problem = new Problem(runs, delta);
        Minimum best = Lbfgs.Minimize(problem.Evaluate, Theta);
        foreach (var shift in (double[])[-1, 1])
        {
            // The objective has a long, flat valley, and a resample may have its minimum elsewhere in it: also start further along it in
            // both directions.
            double[] start = [Theta[0] + 3 * shift, Theta[1] + 3 * shift, Theta[2], Theta[3] * (1 + 0.3 * shift),
                Theta[4] * (1 + 0.3 * shift)];
            Minimum other = Lbfgs.Minimize(problem.Evaluate, start);
            if (other.Value < best.Value)
                best = other;
        }

        return LawOf(best.X, "resample");
    }

    internal static ChinchillaLaw LawOf(ReadOnlySpan<double> theta, string source) =>
        new("fit", source, Math.Exp(theta[2]), Math.Exp(theta[0]), theta[3], Math.Exp(theta[1]), theta[4]);

    private static void Demand(TrainingRun[] runs)
    {
        int sizes = runs.Select(run => run.Parameters).Distinct().Count(), tokens = runs.Select(run => run.Tokens).Distinct().Count();
        if (runs.Length < 5 || sizes < 3 || tokens < 3)
        {
            throw new FitException(
                $"Five constants need at least 5 runs with 3 sizes and 3 token counts; there are {runs.Length} runs with {sizes} sizes " +
                    $"and {tokens} token counts.");
        }
    }

    private static IEnumerable<double[]> Grid() =>
        from a in Enumerable.Range(0, 6)
        from b in Enumerable.Range(0, 6)
        from e in Enumerable.Range(-2, 5)
        from alpha in Enumerable.Range(0, 5)
        from beta in Enumerable.Range(0, 5)
        select new[] { 5.0 * a, 5.0 * b, 0.5 * e, 0.5 * alpha, 0.5 * beta };

    /// <summary>The objective in θ = (log A, log B, log E, α, β).</summary>
    private sealed class Problem(IReadOnlyList<TrainingRun> runs, double delta)
    {
        private readonly double[] _logN = [.. runs.Select(run => Math.Log(run.Parameters))];
        private readonly double[] _logD = [.. runs.Select(run => Math.Log(run.Tokens))];
        private readonly double[] _logLoss = [.. runs.Select(run => Math.Log(run.Loss))];

        public double Value(ReadOnlySpan<double> theta)
        {
            Span<double> unused = stackalloc double[5];
            return Evaluate(theta, unused);
        }

        public double Evaluate(ReadOnlySpan<double> theta, Span<double> gradient)
        {
            gradient.Clear();
            double sum = 0;
            for (var i = 0; i < _logLoss.Length; i++)
            {
                double size = theta[0] - theta[3] * _logN[i], data = theta[1] - theta[4] * _logD[i], rest = theta[2];
                var most = Math.Max(size, Math.Max(data, rest));
                double s = Math.Exp(size - most), d = Math.Exp(data - most), r = Math.Exp(rest - most), all = s + d + r;
                double residual = most + Math.Log(all) - _logLoss[i], magnitude = Math.Abs(residual);
                sum += magnitude <= delta ? residual * residual / 2 : delta * (magnitude - delta / 2);
                var slope = Math.Clamp(residual, -delta, delta) / all;
                gradient[0] += slope * s;
                gradient[1] += slope * d;
                gradient[2] += slope * r;
                gradient[3] -= slope * s * _logN[i];
                gradient[4] -= slope * d * _logD[i];
            }

            return sum;
        }
    }
}
