namespace Mezcla.Scaling.Numerics;

/// <summary>A function of several variables: returns its value at <paramref name="x"/> and writes its gradient.</summary>
internal delegate double Differentiable(ReadOnlySpan<double> x, Span<double> gradient);

/// <summary>The result of a minimization.</summary>
internal sealed record Minimum(double[] X, double Value, int Iterations, bool Converged);

/// <summary>
/// Limited-memory BFGS with a line search by bisection for the weak Wolfe conditions (Nocedal and Wright, algorithms 7.4 and 7.5; the
/// search is from Lewis and Overton 2013 and also works where the second derivative jumps, as that of the Huber loss does).
/// </summary>
internal static class Lbfgs
{
    private const int Memory = 10;

    /// <summary>
    /// Minimizes <paramref name="f"/> from <paramref name="start"/> until a step gains less than <paramref name="tolerance"/> of the value
    /// several times in a row. The criterion is relative, so that a sum and a mean of losses end at the same place.
    /// </summary>
    public static Minimum Minimize(Differentiable f, ReadOnlySpan<double> start, int maximumIterations = 500, double tolerance = 1e-13)
    {
        var n = start.Length;
        double[] x = start.ToArray(), gradient = new double[n], next = new double[n], nextGradient = new double[n],
            direction = new double[n];
        var steps = new List<(double[] S, double[] Y, double Rho)>(Memory);
        var value = f(x, gradient);
        var stalled = 0;
        for (var iteration = 0; iteration < maximumIterations; iteration++)
        {
            if (!double.IsFinite(value))
                return new(x, double.PositiveInfinity, iteration, false);
            TwoLoop(gradient, steps, direction);
            var slope = Dot(direction, gradient);
            if (slope >= 0)
            {
                // The stored curvature does not give a descent direction: restart with steepest descent.
                steps.Clear();
                for (var i = 0; i < n; i++)
                    direction[i] = -gradient[i];
                slope = -Dot(gradient, gradient);
                if (slope == 0)
                    return new(x, value, iteration, true);
            }

            var first = steps.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1;
            if (Step(f, x, value, direction, slope, first, next, nextGradient) is not double reached)
                return new(x, value, iteration, true); // no step from here lowers the value measurably in floating point

            Remember(steps, x, gradient, next, nextGradient);
            stalled = value - reached <= tolerance * Math.Abs(value) ? stalled + 1 : 0;
            (x, next, gradient, nextGradient, value) = (next, x, nextGradient, gradient, reached);
            if (stalled >= 3)
                return new(x, value, iteration + 1, true);
        }

        return new(x, value, maximumIterations, false);
    }

    private static void TwoLoop(double[] gradient, List<(double[] S, double[] Y, double Rho)> steps, double[] direction)
    {
        for (var i = 0; i < direction.Length; i++)
            direction[i] = -gradient[i];
        Span<double> alpha = stackalloc double[Memory];
        for (var j = steps.Count - 1; j >= 0; j--)
        {
            alpha[j] = steps[j].Rho * Dot(steps[j].S, direction);
            for (var i = 0; i < direction.Length; i++)
                direction[i] -= alpha[j] * steps[j].Y[i];
        }

        if (steps.Count > 0)
        {
            var scale = 1 / (steps[^1].Rho * Dot(steps[^1].Y, steps[^1].Y));
            for (var i = 0; i < direction.Length; i++)
                direction[i] *= scale;
        }

        for (var j = 0; j < steps.Count; j++)
        {
            var beta = steps[j].Rho * Dot(steps[j].Y, direction);
            for (var i = 0; i < direction.Length; i++)
                direction[i] += (alpha[j] - beta) * steps[j].S[i];
        }
    }

    private static double? Step(
        Differentiable f, double[] x, double value, double[] direction, double slope, double length, double[] next, double[] nextGradient)
    {
        double low = 0, high = double.PositiveInfinity;
        double? best = null;
        for (var attempt = 0; attempt < 60; attempt++)
        {
            for (var i = 0; i < x.Length; i++)
                next[i] = x[i] + length * direction[i];
            var reached = f(next, nextGradient);
            if (!(reached <= value + 1e-4 * length * slope))
                high = length; // too far, or not a number
            else if (Dot(nextGradient, direction) < 0.9 * slope)
                (low, best) = (length, reached);
            else
                return reached < value ? reached : null;
            length = double.IsInfinity(high) ? 2 * low : (low + high) / 2;
            if (high - low <= 1e-14 * length)
                break;
        }

        // Take the longest step that decreased the value enough, although the slope there is still steep.
        if (best is null || low == 0)
            return null;
        for (var i = 0; i < x.Length; i++)
            next[i] = x[i] + low * direction[i];
        var value2 = f(next, nextGradient);
        return value2 < value ? value2 : null;
    }

    private static void Remember(List<(double[] S, double[] Y, double Rho)> steps, double[] x, double[] gradient, double[] next,
        double[] nextGradient)
    {
        double[] s = new double[x.Length], y = new double[x.Length];
        for (var i = 0; i < x.Length; i++)
            (s[i], y[i]) = (next[i] - x[i], nextGradient[i] - gradient[i]);
        var curvature = Dot(s, y);
        if (curvature <= 1e-300)
            return;
        if (steps.Count == Memory)
            steps.RemoveAt(0);
        steps.Add((s, y, 1 / curvature));
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
