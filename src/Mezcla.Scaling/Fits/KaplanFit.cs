using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Fits;

/// <summary>A power law, fitted as a straight line through the logarithms as in Kaplan et al. 2020.</summary>
/// <param name="Law">L = (scale/x)^exponent.</param>
/// <param name="RSquared">Share of the variance of log loss that the line explains.</param>
/// <param name="Points">The points it goes through: x and loss.</param>
public sealed record KaplanFit(PowerLaw Law, double RSquared, IReadOnlyList<(double X, double Loss)> Points)
{
    /// <summary>Fits L(N), using for each size the run with the most tokens.</summary>
    /// <exception cref="FitException">There is only one size.</exception>
    public static KaplanFit OfParameters(IEnumerable<TrainingRun> runs) =>
        Through("parameters", runs.GroupBy(run => run.Parameters).Select(group => (group.Key, group.MaxBy(run => run.Tokens)!.Loss)));

    /// <summary>Fits L(D), using for each number of tokens the largest model.</summary>
    /// <exception cref="FitException">There is only one number of tokens.</exception>
    public static KaplanFit OfTokens(IEnumerable<TrainingRun> runs) =>
        Through("tokens", runs.GroupBy(run => run.Tokens).Select(group => (group.Key, group.MaxBy(run => run.Parameters)!.Loss)));

    /// <summary>Fits L(C), with compute in PF-days, using the runs that have a lower loss than every cheaper run.</summary>
    /// <exception cref="FitException">One run is both the cheapest and the best.</exception>
    public static KaplanFit OfCompute(IEnumerable<TrainingRun> runs)
    {
        var frontier = new List<(double, double)>();
        var best = double.PositiveInfinity;
        foreach (TrainingRun run in runs.OrderBy(run => run.Compute).ThenBy(run => run.Loss))
        {
            if (run.Loss >= best)
                continue;
            best = run.Loss;
            frontier.Add((run.Compute / Kaplan.PetaflopDay, run.Loss));
        }

        return Through("compute", frontier);
    }

    private static KaplanFit Through(string what, IEnumerable<(double X, double Loss)> points)
    {
        (double X, double Loss)[] sorted = [.. points.OrderBy(point => point.X)];
        if (sorted.Length < 2)
            throw new FitException($"A line needs two different values of {what}; the runs give {sorted.Length}.");
        var line = Line.Fit([.. sorted.Select(point => Math.Log(point.X))], [.. sorted.Select(point => Math.Log(point.Loss))]);
        if (line.Slope >= 0)
            throw new FitException($"The loss does not fall with {what} in these runs, so no power law describes it.");
        return new(new(Math.Exp(-line.Intercept / line.Slope), -line.Slope, $"fit to {sorted.Length} values of {what}"), line.RSquared,
            sorted);
    }
}
