namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The lower triangle: in the last two axes, element (r, c) is kept where c ≤ r +
    /// <paramref name="diagonal"/>, else 0. The same holds for its gradient.
    /// </summary>
    /// <exception cref="ArgumentException">x has fewer than two axes.</exception>
    public static Tensor Tril(this Tensor x, int diagonal = 0)
    {
        x = x.Floats("Tril");
        if (x.Rank < 2)
            throw new ArgumentException($"Tril: {x.Sizes} has fewer than two axes.");
        var batch = x.Sizes.Product(0, x.Rank - 2);
        int rows = x.Sizes[x.Rank - 2], columns = x.Sizes[x.Rank - 1];
        var y = Tensor.Empty("Tril", x.Sizes, DType.Float32, x.Device);
        x.Kernels.Tril(x.Handle, y.Handle, batch, rows, columns, diagonal, accumulate: false);
        return Tape.Finish("Tril", y, Tape.Records(x) ? new TrilNode(y, x, batch, rows, columns, diagonal) : null);
    }

    private sealed class TrilNode(Tensor y, Tensor x, long batch, int rows, int columns, int diagonal) : Node("Tril", y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
            => Kernels.Tril(gradient, Input0!.Target(out var accumulate), batch, rows, columns, diagonal, accumulate);
    }
}
