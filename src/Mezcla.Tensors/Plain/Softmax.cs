namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = e^(x - lse) with lse = ln Σ eˣ, the sum over a row; or its logarithm, x - lse.</summary>
    public override void Softmax(Handle x, Handle y, long rows, long n, bool log)
    {
        var logSums = LogSumExp(x, rows, n);
        Put(y, rows * n, i => log ? Floats(x)[i] - logSums[i / n] : Math.Exp(Floats(x)[i] - logSums[i / n]), false);
    }

    /// <summary>dx (+)= y·(dy - Σ dy·y), or for the logarithm dy - eʸ·Σ dy.</summary>
    public override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
    {
        NumberSpan<float> result = Floats(y), gradient = Floats(dy), to = Floats(dx);
        for (long r = 0; r < rows; r++)
        {
            var start = r * n;
            var sum = Sum(n, c => log ? gradient[start + c] : (double)gradient[start + c] * result[start + c]);
            for (var i = start; i < start + n; i++)
                Put(ref to[i], log ? gradient[i] - Math.Exp(result[i]) * sum : result[i] * (gradient[i] - sum), accumulate);
        }
    }

    /// <summary>y[r] = ln Σ e^x[r, :].</summary>
    public override void LogSumExp(Handle x, Handle y, long rows, long n)
    {
        var logSums = LogSumExp(x, rows, n);
        Put(y, rows, r => logSums[r], false);
    }

    /// <summary>dx[r, c] (+)= dy[r]·e^(x[r, c] - y[r]).</summary>
    public override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
        => Put(dx, rows * n, i => Floats(dy)[i / n] * Math.Exp((double)Floats(x)[i] - Floats(y)[i / n]), accumulate);

    /// <summary>ln Σ e^x of each row.</summary>
    private static double[] LogSumExp(Handle x, long rows, long n)
    {
        var logSums = new double[rows];
        for (long r = 0; r < rows; r++)
            logSums[r] = LogSumExp([.. Floats(x).Part(r * n, n).ToArray().Select(value => (double)value)]);
        return logSums;
    }

    /// <summary>m + ln Σ e^(x - m), where m is the largest x, so that nothing overflows; -∞ if all x are -∞ or there are none.</summary>
    private static double LogSumExp(double[] x)
    {
        var largest = x.Aggregate(double.NegativeInfinity, Math.Max);
        return double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(x.Sum(value => Math.Exp(value - largest)));
    }
}
