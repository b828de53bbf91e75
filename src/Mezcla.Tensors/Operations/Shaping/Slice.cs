namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The positions from <paramref name="start"/> of one axis: a view if all axes before it have size 1, else a copy.
    /// The gradient of all other positions is 0.
    /// </summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="axis">The axis; a negative number counts from the last.</param>
    /// <param name="start">The first position; a negative number counts from the end.</param>
    /// <param name="length">How many positions; -1 for all that remain.</param>
    /// <exception cref="ArgumentException">The axis has no such positions.</exception>
    public static Tensor Slice(this Tensor x, int axis, int start, int length = -1)
    {
        axis = x.Require("Slice").Axis("Slice", axis);
        ref readonly var shape = ref x.Sizes;
        var from = start < 0 ? start + shape[axis] : start;
        var size = length == -1 ? shape[axis] - from : length;
        if (from < 0 || size < 0 || from > shape[axis] - size)
            throw new ArgumentException($"Slice: {length} positions from {start} on do not lie in axis {axis} of {shape}.");
        var result = shape.With(axis, size);
        var inner = shape.Product(axis + 1, shape.Rank);
        Tensor y;
        if (shape.Product(0, axis) == 1)
            y = x.View(result, from * inner);
        else
        {
            y = Tensor.Empty("Slice", result, x.DType, x.Device);
            var first = x.Handle.Plus(from * inner * x.DType.Bytes());
            x.Kernels.CopyStrided(first, shape.Strides(), y.Handle, result.Strides(), result, x.DType.Bytes());
        }
        return Tape.Records(x) ? y.RecordedAs(new SliceNode(y, x, axis, from, size)) : y;
    }

    private sealed class SliceNode(Tensor y, Tensor x, int axis, int start, int length) : Node("Slice", y, x.GradNode)
    {
        private readonly Shape _shape = x.Sizes;

        internal override void Backward(Handle gradient)
        {
            var part = _shape.With(axis, length);
            var whole = _shape.Strides();
            Kernels.AddStrided(gradient, part.Strides(), TargetToAddTo(Input0!).Plus(start * whole[axis] * 4), whole, part);
        }
    }
}
