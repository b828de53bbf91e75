namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[b, r, c] (+)= c ≤ r + diagonal ? x[b, r, c] : 0.</summary>
    public override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
        => Put(y, batch * rows * columns, i => i % columns <= i / columns % rows + diagonal ? Floats(x)[i] : 0, accumulate);
}
