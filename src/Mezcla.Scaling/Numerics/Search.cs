namespace Mezcla.Scaling.Numerics;

/// <summary>Minima and roots of functions of one variable.</summary>
internal static class Search
{
    private static readonly double Golden = (Math.Sqrt(5) - 1) / 2;

    /// <summary>The minimum of a function that has a single minimum between <paramref name="low"/> and <paramref name="high"/>.</summary>
    public static double Minimum(Func<double, double> f, double low, double high)
    {
        double a = high - Golden * (high - low), b = low + Golden * (high - low), fa = f(a), fb = f(b);
        for (var i = 0; i < 200 && high - low > 1e-12 * (Math.Abs(low) + Math.Abs(high)); i++)
        {
            // If the value is infinite at both points, continue with the right part.
            if (fa < fb)
            {
                (high, b, fb) = (b, a, fa);
                a = high - Golden * (high - low);
                fa = f(a);
            }
            else
            {
                (low, a, fa) = (a, b, fb);
                b = low + Golden * (high - low);
                fb = f(b);
            }
        }

        return (low + high) / 2;
    }
}
