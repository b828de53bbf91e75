namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Repeats a tensor along axes of size 1, and along new leading axes, up to a shape (-1 keeps a size). The gradient is summed over the
    /// repetitions. The result is a copy.
    /// </summary>
    /// <exception cref="ArgumentException">x cannot be repeated to that shape.</exception>
    public static Tensor Expand(this Tensor x, params ReadOnlySpan<int> shape)
    {
        x.Require("Expand");
        Span<int> sizes = stackalloc int[shape.Length];
        var missing = shape.Length - x.Rank;
        var fits = missing >= 0;
        for (var i = 0; i < shape.Length && fits; i++)
        {
            var own = i < missing ? 1 : x.Sizes[i - missing];
            sizes[i] = shape[i] == -1 && i >= missing ? own : shape[i];
            fits = own == 1 || own == sizes[i];
        }
        if (!fits)
            throw new ArgumentException($"Expand: {x.Sizes} cannot be repeated to {Shape.Text(shape)}.");
        return Expand(x, new Shape(sizes));
    }

    private static Tensor Expand(Tensor x, in Shape shape)
    {
        if (shape == x.Sizes)
            return x;
        var y = Tensor.Empty("Expand", shape, x.DType, x.Device);
        x.Kernels.CopyStrided(x.Handle, x.Sizes.BroadcastStrides(shape), y.Handle, shape.Strides(), shape, x.DType.Bytes());
        return Tape.Records(x) ? y.RecordedAs(new ExpandNode(y, x)) : y;
    }

    private sealed class ExpandNode(Tensor y, Tensor x) : Node("Expand", y, x.GradNode)
    {
        private readonly Shape _x = x.Sizes, _y = y.Sizes;

        internal override void Backward(Handle gradient) =>
            SumTo(Device, gradient, _y, Input0!.Target(out var accumulate), _x, 1, accumulate);
    }
}
