namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or of the squares.</summary>
    internal override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var sum = 0.0;
                for (long j = 0; j < n; j++)
                {
                    double value = from[(o * n + j) * inner + i];
                    sum += squares ? value * value : value;
                }
                Put(ref to[o * inner + i], scale * sum, accumulate);
            }
    }

    /// <summary>y[o, j, i] (+)= Σ x[o, k, i] over k ≤ j, or over k ≥ j.</summary>
    internal override void CumulativeSum(Handle x, Handle y, long outer, long n, long inner, bool reverse, bool accumulate)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var sum = 0.0;
                for (long k = 0; k < n; k++)
                {
                    var at = (o * n + (reverse ? n - 1 - k : k)) * inner + i;
                    sum += from[at];
                    Put(ref to[at], sum, accumulate);
                }
            }
    }
}
