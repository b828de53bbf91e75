using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Fits;

/// <summary>The best size found for one budget.</summary>
/// <param name="Compute">The budget in FLOPs.</param>
/// <param name="Parameters">The best size.</param>
/// <param name="Tokens">The tokens that go with it.</param>
/// <param name="Loss">The loss there.</param>
/// <param name="Runs">How many runs or curves were compared.</param>
public sealed record FrontierPoint(double Compute, double Parameters, double Tokens, double Loss, int Runs);

/// <summary>Powers of compute through frontier points: N = kN·C^a and D = kD·C^b.</summary>
/// <param name="Law">N as a power of compute.</param>
/// <param name="SizeExponent">a, the exponent of N.</param>
/// <param name="DataExponent">b, the exponent of D, fitted separately; a + b is 1 if FLOPs are 6·N·D.</param>
/// <param name="Points">The points that the lines are fitted to.</param>
/// <param name="Omitted">Budgets that gave no point, and why.</param>
public sealed record FrontierFit(
    FrontierLaw Law, double SizeExponent, double DataExponent, IReadOnlyList<FrontierPoint> Points, IReadOnlyList<string> Omitted)
{
    /// <summary>
    /// Approach 1 of Hoffmann et al. 2022: runs of the same size, ordered by tokens, form a training curve; at each of many budgets the
    /// lowest curve gives the best size. Curves are interpolated in the logarithm of compute and never extrapolated.
    /// </summary>
    /// <param name="runs">Points along training curves: several token counts for every size.</param>
    /// <param name="budgets">How many budgets, evenly spaced in the logarithm (1,500 in the paper).</param>
    /// <exception cref="FitException">There are fewer than 3 curves, or the frontier never passes from one to another.</exception>
    public static FrontierFit Envelope(IEnumerable<TrainingRun> runs, int budgets = 1500)
    {
        (double N, TrainingRun[] Points)[] curves = [.. runs.GroupBy(run => run.Parameters)
            .Select(group => (group.Key, group.OrderBy(run => run.Compute).ToArray())).Where(curve => curve.Item2.Length >= 2)];
        if (curves.Length < 3)
            throw new FitException($"Approach 1 needs at least 3 sizes with several token counts each; there are {curves.Length}.");
        double low = curves.Min(curve => Math.Log(curve.Points[0].Compute)), high = curves.Max(curve => Math.Log(curve.Points[^1].Compute));
        double smallest = curves.Min(curve => curve.N), largest = curves.Max(curve => curve.N);
        var points = new List<FrontierPoint>();
        for (var i = 0; i < budgets; i++)
        {
            var logC = low + (high - low) * i / (budgets - 1);
            var at = curves.Select(curve => (curve.N, Loss: Interpolate(curve.Points, logC))).Where(point => point.Loss is not null)
                .ToArray();
            if (at.Length < 2)
                continue;
            var (n, loss) = at.MinBy(point => point.Loss);

            // If the smallest or largest model is best, a size outside the grid may be better still, so this budget is left out.
            if (n == smallest || n == largest)
                continue;
            points.Add(new(Math.Exp(logC), n, Math.Exp(logC) / (6 * n), loss!.Value, at.Length));
        }

        return Through("approach 1", points, []);
    }

    /// <summary>
    /// Approach 2: runs with one budget and different sizes form a valley of losses; a parabola fitted in the logarithm of size finds its
    /// minimum.
    /// </summary>
    /// <param name="runs">Final losses; runs whose compute differs by less than <paramref name="sameBudget"/> share a budget.</param>
    /// <param name="sameBudget">How far apart, as a ratio, neighbouring runs of one budget may be.</param>
    /// <exception cref="FitException">Fewer than 2 budgets have a valley; the message says why each was left out.</exception>
    public static FrontierFit IsoFlop(IEnumerable<TrainingRun> runs, double sameBudget = 1.15)
    {
        var points = new List<FrontierPoint>();
        var omitted = new List<string>();
        foreach (TrainingRun[] group in Budgets([.. runs.OrderBy(run => run.Compute)], sameBudget))
        {
            var logC = group.Average(run => Math.Log(run.Compute));
            var budget = FormattableString.Invariant($"{Math.Exp(logC):0.00e+0} FLOPs");
            double[] x = [.. group.Select(run => Math.Log(run.Parameters))], y = [.. group.Select(run => run.Loss)];
            if (x.Distinct().Count() < 3)
                omitted.Add($"{budget}: a parabola needs 3 sizes, there are {x.Distinct().Count()}");
            else
            {
                var (bottom, loss, curvature) = Parabola(x, y);
                if (!(curvature > 0))
                    omitted.Add($"{budget}: the losses make no valley");
                else if (bottom < x.Min() || bottom > x.Max())
                    omitted.Add(
                        FormattableString.Invariant(
                            $"{budget}: the bottom, at {Math.Exp(bottom):0.00e+0} parameters, lies outside the sizes tried"));
                else
                    points.Add(new(Math.Exp(logC), Math.Exp(bottom), Math.Exp(logC - bottom) / 6, loss, group.Length));
            }
        }

        return Through("approach 2", points, omitted);
    }

    /// <summary>What a notebook shows: the exponents, and the points if they are few.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var caption = FormattableString.Invariant(
            $"{Law.Name}: N ∝ C^{SizeExponent:0.000}, D ∝ C^{DataExponent:0.000}, through {Points.Count} budgets");
        string[] headers = ["compute", "best size", "tokens", "loss", "runs"];
        string[][] rows = [.. (Points.Count <= 30 ? Points : []).Select(point => new[]
        {
            FormattableString.Invariant($"{point.Compute:0.00e+0}"), FormattableString.Invariant($"{point.Parameters:0.00e+0}"),
            FormattableString.Invariant($"{point.Tokens:0.00e+0}"), Numbers.Format(point.Loss), Numbers.Format(point.Runs),
        })];
        return ResultTable.Bundle(ResultTable.Html(caption, headers, rows), $"{caption}\n{ResultTable.Text(headers, rows)}");
    }

    private static FrontierFit Through(string name, List<FrontierPoint> points, List<string> omitted)
    {
        if (points.Select(point => point.Parameters).Distinct().Count() < 2)
        {
            throw new FitException(
                $"No line can be drawn ({name}): the best size is known for {points.Count} budgets, and a line needs two different sizes. "
                + (omitted.Count > 0 ? string.Join("; ", omitted) + "." : "Train more sizes and budgets."));
        }

        double[] logC = [.. points.Select(point => Math.Log(point.Compute))];
        var size = Line.Fit(logC, [.. points.Select(point => Math.Log(point.Parameters))]);
        var data = Line.Fit(logC, [.. points.Select(point => Math.Log(point.Tokens))]);
        return new(new(name, $"fit through {points.Count} budgets", Math.Exp(size.Intercept), size.Slope), size.Slope, data.Slope, points,
            omitted);
    }

    private static double? Interpolate(TrainingRun[] curve, double logC)
    {
        for (var i = 1; i < curve.Length; i++)
        {
            double left = Math.Log(curve[i - 1].Compute), right = Math.Log(curve[i].Compute);
            if (logC < left || logC > right || right == left)
                continue;
            return curve[i - 1].Loss + (curve[i].Loss - curve[i - 1].Loss) * (logC - left) / (right - left);
        }

        return null;
    }

    private static IEnumerable<TrainingRun[]> Budgets(TrainingRun[] sorted, double sameBudget)
    {
        var start = 0;
        for (var i = 1; i <= sorted.Length; i++)
        {
            if (i < sorted.Length && sorted[i].Compute / sorted[i - 1].Compute <= sameBudget)
                continue;
            yield return sorted[start..i];
            start = i;
        }
    }

    // Least squares of y = c0 + c1·u + c2·u², where u is centred and scaled so that the normal equations stay well conditioned.
    private static (double Bottom, double Loss, double Curvature) Parabola(double[] x, double[] y)
    {
        double centre = x.Average(), scale = x.Max() - x.Min();
        Span<double> s = stackalloc double[5], t = stackalloc double[3];
        for (var i = 0; i < x.Length; i++)
        {
            double u = (x[i] - centre) / scale, power = 1;
            for (var k = 0; k < 5; k++, power *= u)
            {
                s[k] += power;
                if (k < 3)
                    t[k] += power * y[i];
            }
        }

        var determinant = Det(s[0], s[1], s[2], s[1], s[2], s[3], s[2], s[3], s[4]);
        var c0 = Det(t[0], s[1], s[2], t[1], s[2], s[3], t[2], s[3], s[4]) / determinant;
        var c1 = Det(s[0], t[0], s[2], s[1], t[1], s[3], s[2], t[2], s[4]) / determinant;
        var c2 = Det(s[0], s[1], t[0], s[1], s[2], t[1], s[2], s[3], t[2]) / determinant;
        return (centre - scale * c1 / (2 * c2), c0 - c1 * c1 / (4 * c2), c2);

        static double Det(double a, double b, double c, double d, double e, double f, double g, double h, double i) =>
            a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    }
}
