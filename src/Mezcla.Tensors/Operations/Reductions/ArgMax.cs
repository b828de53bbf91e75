namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>Where along an axis the largest element is, the first of equals: Int32. NaN counts as the largest.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor ArgMax(this Tensor x, int axis = -1, bool keepDims = false)
    {
        x = x.Floats("ArgMax");
        var (outer, n, inner, shape) = SplitAtAxis("ArgMax", x, axis, keepDims);
        if (n == 0 && outer * inner > 0)
            throw new ArgumentException($"ArgMax: {x.Sizes} has nothing along axis {axis} to choose from.");
        var y = Tensor.Empty("ArgMax", shape, DType.Int32, x.Device);
        x.Kernels.ArgMax(x.Handle, y.Handle, outer, n, inner);
        GC.KeepAlive(x);
        return y;
    }
}
