namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>Exchanges two axes. The result is a copy, unless only axes of size 1 change their position.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Transpose(this Tensor x, int axis0 = -2, int axis1 = -1)
    {
        (axis0, axis1) = (x.Axis("Transpose", axis0), x.Axis("Transpose", axis1));
        ref readonly var sizes = ref x.Sizes;
        var shape = sizes.With(axis0, sizes[axis1]).With(axis1, sizes[axis0]);
        var (first, last) = (Math.Min(axis0, axis1), Math.Max(axis0, axis1));
        // Of the two axes and those between them, at most one is longer than 1, so no number moves.
        ReadOnlySpan<long> lengths = [sizes[first], sizes.Product(first + 1, last), sizes[last]];
        if (first == last || lengths.Count(1L) >= 2)
            return Alias("Transpose", x, shape);
        var y = Tensor.Empty("Transpose", shape, x.DType, x.Device);
        x.Kernels.CopyStrided(x.Handle, Exchanged(sizes.Strides(), axis0, axis1), y.Handle, shape.Strides(), shape, x.DType.Bytes());
        return Tape.Finish("Transpose", y, Tape.Records(x) ? new TransposeNode(y, x, axis0, axis1) : null);
    }

    private static AxisStrides Exchanged(AxisStrides strides, int axis0, int axis1)
    {
        (strides[axis0], strides[axis1]) = (strides[axis1], strides[axis0]);
        return strides;
    }

    private sealed class TransposeNode(Tensor y, Tensor x, int axis0, int axis1) : Node("Transpose", y, x.GradNode)
    {
        private readonly Shape _x = x.Sizes, _y = y.Sizes;

        internal override void Backward(Handle gradient)
            => Scatter(gradient, _y.Strides(), Input0!, Exchanged(_x.Strides(), axis0, axis1), _y);
    }
}
