using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Fits;

/// <summary>The bootstrap's estimate of the uncertainty of one fitted number.</summary>
/// <param name="Name">The name of the number.</param>
/// <param name="Estimate">Its value on all runs.</param>
/// <param name="StandardError">Standard deviation over resamples.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public sealed record BootstrapInterval(string Name, double Estimate, double StandardError, double Low, double High);

/// <summary>
/// Computes percentile intervals with the bootstrap: it resamples the runs with replacement and fits again (Efron 1979). Replicates run in
/// parallel, and each has its own seed, so the result depends on the seed alone and not on the number of cores.
/// </summary>
public static class Bootstrap
{
    /// <summary>Intervals for the constants of a fit by approach 3, and for the exponents a and b of N ∝ C^a and D ∝ C^b.</summary>
    /// <param name="fit">The fit on all runs.</param>
    /// <param name="replicates">How many resamples; 4,000 for published figures, a few hundred for a first look.</param>
    /// <param name="seed">Seed of the random numbers.</param>
    /// <param name="confidence">Share of resamples inside the interval.</param>
    /// <param name="huberDelta">δ of the fit.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early with <see cref="OperationCanceledException"/>.</param>
    public static IReadOnlyList<BootstrapInterval> Of(
        ChinchillaFit fit, int replicates = 400, int seed = 0, double confidence = 0.95, double huberDelta = 1e-3,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        TrainingRun[] runs = [.. fit.Residuals.Select(residual => residual.Run)];
        return Intervals(
            ["A", "B", "E", "α", "β", "a", "b"], runs, Numbers(fit.Law), sample => Numbers(fit.Refit(sample, huberDelta)),
            replicates, seed, confidence, progress, cancellation);

        static double[] Numbers(ChinchillaLaw law) =>
        [
            law.ParameterCoefficient, law.TokenCoefficient, law.Irreducible, law.ParameterExponent, law.TokenExponent, law.SizeExponent,
            law.DataExponent,
        ];
    }

    /// <summary>Intervals for any numbers that <paramref name="fit"/> computes from runs. A resample whose
    /// fit throws <see cref="FitException"/> is drawn again, up to 100 times.</summary>
    /// <param name="names">What the numbers are called.</param>
    /// <param name="runs">All runs.</param>
    /// <param name="estimates">The numbers on all runs.</param>
    /// <param name="fit">Computes the numbers on a resample; called on several threads at once.</param>
    /// <param name="replicates">How many resamples.</param>
    /// <param name="seed">Seed of the random numbers.</param>
    /// <param name="confidence">Share of resamples inside the interval.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="FitException">The runs are so few that a hundred resamples in a row could not be fitted.</exception>
    public static IReadOnlyList<BootstrapInterval> Intervals(
        IReadOnlyList<string> names, IReadOnlyList<TrainingRun> runs, IReadOnlyList<double> estimates,
        Func<IReadOnlyList<TrainingRun>, IReadOnlyList<double>> fit,
        int replicates = 400, int seed = 0, double confidence = 0.95, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(replicates, 2);
        var results = new IReadOnlyList<double>[replicates];
        var done = 0;
        FitException? failure = null;
        Parallel.For(0, replicates, new ParallelOptions { CancellationToken = cancellation }, (replicate, loop) =>
        {
            try
            {
                results[replicate] = One(runs, fit, new Random(HashOf(seed, replicate)));
            }
            catch (FitException error)
            {
                failure = error;
                loop.Stop();
                return;
            }

            var now = Interlocked.Increment(ref done);
            if (progress is not null && (now == replicates || now * 100L / replicates != (now - 1) * 100L / replicates))
                progress.Report((double)now / replicates);
        });
        if (failure is not null)
            throw failure;
        return [.. names.Select((name, i) => Interval(name, estimates[i], [.. results.Select(result => result[i]).Order()], confidence))];
    }

    private static IReadOnlyList<double> One(IReadOnlyList<TrainingRun> runs, Func<IReadOnlyList<TrainingRun>, IReadOnlyList<double>> fit,
        Random random)
    {
        var sample = new TrainingRun[runs.Count];
        for (var attempt = 1; ; attempt++)
        {
            for (var i = 0; i < sample.Length; i++)
                sample[i] = runs[random.Next(runs.Count)];
            try
            {
                return fit(sample);
            }
            catch (FitException) when (attempt < 100)
            {
                // This resample lacks something that the fit needs, such as a third size: draw another.
            }
        }
    }

    private static BootstrapInterval Interval(string name, double estimate, double[] sorted, double confidence)
    {
        double mean = sorted.Average(), variance = sorted.Sum(value => (value - mean) * (value - mean)) / (sorted.Length - 1);
        var tail = (1 - confidence) / 2;
        return new(name, estimate, Math.Sqrt(variance), Quantile(sorted, tail), Quantile(sorted, 1 - tail));
    }

    private static double Quantile(double[] sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        return below + 1 < sorted.Length ? sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]) : sorted[^1];
    }

    // Neighbouring seeds of System.Random are correlated; this spreads them.
    private static int HashOf(int seed, int replicate)
    {
        var mixed = ((ulong)(uint)seed << 32 | (uint)replicate) * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        return (int)((mixed ^ mixed >> 27) & int.MaxValue);
    }
}
