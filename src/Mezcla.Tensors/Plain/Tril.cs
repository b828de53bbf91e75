namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[b, r, c] (+)= c ≤ r + diagonal ? x[b, r, c] : 0.</summary>
    public override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long row = 0; row < batch * rows; row++)
            for (long c = 0; c < columns; c++)
                Put(ref to[row * columns + c], c <= row % rows + diagonal ? from[row * columns + c] : 0, accumulate);
    }
}
