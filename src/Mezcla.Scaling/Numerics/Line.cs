namespace Mezcla.Scaling.Numerics;

/// <summary>A straight line by least squares, with how much of the variance it explains.</summary>
internal readonly record struct Line(double Intercept, double Slope, double RSquared)
{
    /// <summary>Fits y = intercept + slope·x; needs two different x.</summary>
    public static Line Fit(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double meanX = Mean(x), meanY = Mean(y), sxx = 0, sxy = 0, syy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            sxx += (x[i] - meanX) * (x[i] - meanX);
            sxy += (x[i] - meanX) * (y[i] - meanY);
            syy += (y[i] - meanY) * (y[i] - meanY);
        }

        var slope = sxy / sxx;
        return new(meanY - slope * meanX, slope, syy == 0 ? 1 : sxy * sxy / (sxx * syy));
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }
}
