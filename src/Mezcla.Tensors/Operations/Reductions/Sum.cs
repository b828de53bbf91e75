namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The sum of all elements (shape []), or along one axis. The axis is removed, or gets size 1 with
    /// <paramref name="keepDims"/>. dx = dy, repeated.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Sum(this Tensor x, int? axis = null, bool keepDims = false) => Sum("Sum", x, axis, keepDims, mean: false);

    private static Tensor Sum(string name, Tensor x, int? axis, bool keepDims, bool mean)
    {
        x = x.Floats(name);
        var (outer, n, inner, shape) = SplitAtAxis(name, x, axis, keepDims);
        var scale = mean ? 1f / n : 1;
        var y = Tensor.Empty(name, shape, DType.Float32, x.Device);
        x.Kernels.Sum(x.Handle, y.Handle, outer, n, inner, scale, squares: false, accumulate: false);
        return Tape.Finish(name, y, Tape.Records(x) ? new SumNode(name, y, x, outer, n, inner, scale) : null);
    }

    private sealed class SumNode(string name, Tensor y, Tensor x, long outer, long n, long inner, float scale) : Node(name, y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
        {
            var shape = new Shape(checked((int)outer), checked((int)n), checked((int)inner));
            ReadOnlySpan<long> repeated = [inner, 0, 1], full = [n * inner, inner, 1];
            if (scale == 1)
            {
                Scatter(gradient, repeated, Input0!, full, shape);
                return;
            }
            var scaled = Rent(Count);
            Kernels.Scale(gradient, scaled, Count, scale, accumulate: false);
            Scatter(scaled, repeated, Input0!, full, shape);
            scaled.Storage!.Release();
        }
    }
}
