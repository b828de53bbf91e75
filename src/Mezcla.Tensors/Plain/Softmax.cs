namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = e^(x - lse) with lse = ln Σ eˣ, the sum over a row; or its logarithm, x - lse.</summary>
    public override void Softmax(Handle x, Handle y, long rows, long n, bool log)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long r = 0; r < rows; r++)
        {
            var logSum = LogSumExp(from, r * n, n);
            for (var i = r * n; i < (r + 1) * n; i++)
                to[i] = (float)(log ? from[i] - logSum : Math.Exp(from[i] - logSum));
        }
    }

    /// <summary>dx (+)= y·(dy - Σ dy·y), or for the logarithm dy - eʸ·Σ dy.</summary>
    public override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
    {
        Numbers<float> result = Floats(y), gradient = Floats(dy), to = Floats(dx);
        for (long r = 0; r < rows; r++)
        {
            var sum = 0.0;
            for (var i = r * n; i < (r + 1) * n; i++)
                sum += log ? gradient[i] : (double)gradient[i] * result[i];
            for (var i = r * n; i < (r + 1) * n; i++)
                Put(ref to[i], log ? gradient[i] - Math.Exp(result[i]) * sum : result[i] * (gradient[i] - sum), accumulate);
        }
    }

    /// <summary>y[r] = ln Σ e^x[r, :].</summary>
    public override void LogSumExp(Handle x, Handle y, long rows, long n)
    {
        for (long r = 0; r < rows; r++)
            Floats(y)[r] = (float)LogSumExp(Floats(x), r * n, n);
    }

    /// <summary>dx[r, c] (+)= dy[r]·e^(x[r, c] - y[r]).</summary>
    public override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
    {
        Numbers<float> from = Floats(x), logSums = Floats(y), gradient = Floats(dy), to = Floats(dx);
        for (long r = 0; r < rows; r++)
            for (long c = 0; c < n; c++)
                Put(ref to[r * n + c], gradient[r] * Math.Exp((double)from[r * n + c] - logSums[r]), accumulate);
    }

    private static double LogSumExp(Numbers<float> x, long start, long n)
    {
        var row = new double[n];
        for (long i = 0; i < n; i++)
            row[i] = x[start + i];
        return LogSumExp(row);
    }

    /// <summary>m + ln Σ e^(x - m), with the largest x for m, so that nothing overflows; -∞ where all x are, or where there are none.</summary>
    private static double LogSumExp(double[] x)
    {
        var largest = double.NegativeInfinity;
        foreach (var value in x)
            largest = Math.Max(largest, value);
        if (double.IsNegativeInfinity(largest))
            return largest;
        var sum = 0.0;
        foreach (var value in x)
            sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
    }
}
