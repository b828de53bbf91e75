namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The position of the largest element along an axis, as Int32; the first of equal ones. NaN counts as the largest.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or its size is 0.</exception>
    public static Tensor ArgMax(this Tensor x, int axis = -1, bool keepDims = false)
    {
        x = x.Floats("ArgMax");
        var (outer, n, inner, shape) = SplitAtAxis("ArgMax", x, axis, keepDims);
        if (n == 0 && outer * inner > 0)
            throw new ArgumentException($"ArgMax: axis {axis} of {x.Sizes} has no elements to compare.");
        var y = Tensor.Empty("ArgMax", shape, DType.Int32, x.Device);
        x.Kernels.ArgMax(x.Handle, y.Handle, outer, n, inner);
        GC.KeepAlive(x);
        return y;
    }
}
