namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or of the squares.</summary>
    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
        => Put(y, outer * inner, i => scale * Sum(n, j =>
        {
            double value = Floats(x)[(i / inner * n + j) * inner + i % inner];
            return squares ? value * value : value;
        }), accumulate);
}
