namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The sum of all elements (shape []), or along one axis, which is removed, or has size 1 with <paramref name="keepDims"/>. dx = dy, repeated.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Sum(this Tensor x, int? axis = null, bool keepDims = false) => Sum("Sum", x, axis, keepDims, mean: false);

    private static Tensor Sum(string name, Tensor x, int? axis, bool keepDims, bool mean)
    {
        x = x.Floats(name);
        var (outer, n, inner, shape) = SplitAtAxis(name, x, axis, keepDims);
        float scale = mean ? 1f / n : 1;
        var y = Tensor.Empty(name, shape, DType.Float32, x.Device);
        x.Kernels.Sum(x.Handle, y.Handle, outer, n, inner, scale, squares: false, accumulate: false);
        if (Tape.Records(x))
            y.RecordedAs(new SumNode(name, y, x, outer, n, inner, scale));
        return Tape.Finish(name, y);
    }

    private sealed class SumNode(string name, Tensor y, Tensor x, long outer, long n, long inner, float scale) : Node(name, y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
        {
            var work = new Scratch(Device);
            if (scale != 1)
            {
                var scaled = work.Rent(Count);
                Kernels.Scale(gradient, scaled, Count, scale, accumulate: false);
                gradient = scaled;
            }
            var dx = Input0!.Target(out bool accumulate);
            var shape = new Shape(checked((int)outer), checked((int)n), checked((int)inner));
            ReadOnlySpan<long> repeated = [inner, 0, 1], full = [n * inner, inner, 1];
            if (accumulate)
                Kernels.AddStrided(gradient, repeated, dx, full, shape);
            else
                Kernels.CopyStrided(gradient, repeated, dx, full, shape, 4);
            work.Dispose();
        }
    }
}
