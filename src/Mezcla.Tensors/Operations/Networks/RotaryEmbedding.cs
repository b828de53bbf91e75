namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Rotary positions (Su et al., arXiv:2104.09864): pair i of the last axis at position p is rotated by the angle whose
    /// cosine and sine are in row p, column i of the tables: (a, b) becomes (a·cos - b·sin, a·sin + b·cos). The gradient is
    /// rotated by the opposite angle. Pairs are (2i, 2i + 1) if interleaved, else (i, i + rotated/2), with rotated = 2·columns;
    /// the elements after the rotated part are unchanged.
    /// </summary>
    /// <param name="x">[..., time, size], or with time elsewhere: see <paramref name="timeAxis"/>.</param>
    /// <param name="cos">[positions, rotated/2].</param>
    /// <param name="sin">[positions, rotated/2].</param>
    /// <param name="interleaved">True for GPT-NeoX's paper form (neighbours), false for Llama's halves as Hugging Face stores them.</param>
    /// <param name="startPosition">The position of the first time step.</param>
    /// <param name="timeAxis">Which axis is time: -2 for [batch, heads, time, size], -3 for [batch, time, heads, size].</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the tables end before the last position.</exception>
    public static Tensor RotaryEmbedding(this Tensor x, Tensor cos, Tensor sin, bool interleaved, int startPosition = 0, int timeAxis = -2)
    {
        x = x.Floats("RotaryEmbedding");
        cos = cos.Floats("RotaryEmbedding", x.Device);
        sin = sin.Floats("RotaryEmbedding", x.Device);
        int axis = x.Axis("RotaryEmbedding", timeAxis), size = x.Size(-1), time = x.Sizes[axis];
        if (cos.Rank != 2 || cos.Sizes != sin.Sizes || 2 * cos.Sizes[1] > size || axis == x.Rank - 1)
            throw new ArgumentException(
                $"RotaryEmbedding: tables {cos.Sizes} and {sin.Sizes} for {x.Sizes} must both be [positions, pairs] with at " +
                    $"most {size / 2} pairs.");
        if (startPosition < 0 || startPosition + (long)time > cos.Sizes[0])
            throw new ArgumentException(
                $"RotaryEmbedding: positions {startPosition} to {startPosition + (long)time - 1} of {x.Sizes} need tables longer " +
                    $"than {cos.Sizes}.");
        var layout = new RotaryLayout(x.Sizes.Product(0, axis), time, checked((int)x.Sizes.Product(axis + 1, x.Rank - 1)), size,
            2 * cos.Sizes[1], interleaved, startPosition);
        var y = Tensor.Empty("RotaryEmbedding", x.Sizes, DType.Float32, x.Device);
        x.Kernels.Rotary(x.Handle, cos.Handle, sin.Handle, y.Handle, layout, inverse: false, accumulate: false);
        GC.KeepAlive(cos);
        GC.KeepAlive(sin);
        return Tape.Finish("RotaryEmbedding", y, Tape.Records(x) ? new RotaryNode(y, x, cos, sin, layout) : null);
    }

    private sealed class RotaryNode(Tensor y, Tensor x, Tensor cos, Tensor sin, RotaryLayout layout)
        : Node("RotaryEmbedding", y, x.GradNode)
    {
        private readonly Saved _cos = new(cos), _sin = new(sin);

        internal override void Backward(Handle gradient)
            => Kernels.Rotary(gradient, _cos.For(this), _sin.For(this), Input0!.Target(out var accumulate), layout, inverse: true,
                accumulate);

        protected override void ReleaseSaved() => Release(_cos, _sin);
    }
}
