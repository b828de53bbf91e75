using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Fits;

/// <summary>Runs made from a known law.</summary>
internal static class Synthetic
{
    /// <summary>Like Hoffmann's figure 4: nine budgets, sizes around the best one, log-normal noise.</summary>
    public static TrainingRun[] Runs(ChinchillaLaw law, int perBudget, double noise, int seed)
    {
        var random = new Random(seed);
        return [.. from budget in (double[])[6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21]
                   from i in Enumerable.Range(0, perBudget)
                   let n = law.Optimal(budget).Parameters * Math.Pow(10, -1 + 2.0 * i / (perBudget - 1))
                   let d = budget / (6 * n)
                   select new TrainingRun(n, d, law.Evaluate(n, d) * Math.Exp(noise * Normal(random)))];
    }

    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
