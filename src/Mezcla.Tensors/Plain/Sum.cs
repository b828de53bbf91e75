namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or of the squares.</summary>
    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
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
}
