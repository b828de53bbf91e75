namespace Mezcla.Tensors;

/// <summary>
/// Rotary positions, written as in the formula (Su et al., arXiv:2104.09864, eq. 34): the pair (xᵢ, xᵢ₊ₕ), where h is
/// half the size, is rotated by the angle of pair i at the position. <see cref="TensorOperations.RotaryEmbedding"/> gives
/// the same results in one pass over memory.
/// </summary>
public static class PlainRotaryEmbedding
{
    /// <summary>Rotates the vector at each position.</summary>
    /// <param name="x">[..., time, size].</param>
    /// <param name="cos">The cosines of the angles [time, size/2].</param>
    /// <param name="sin">The sines of the angles [time, size/2].</param>
    public static Tensor Forward(Tensor x, Tensor cos, Tensor sin)
    {
        var half = x.Size(-1) / 2;
        var (a, b) = (x.Slice(-1, 0, half), x.Slice(-1, half, half));
        return Tensor.Concatenate(-1, a * cos - b * sin, a * sin + b * cos);
    }
}
