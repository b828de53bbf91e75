namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The largest element, of all or along one axis. The gradient goes to the first place that holds it.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor Max(this Tensor x, int? axis = null, bool keepDims = false) => Extreme("Max", x, axis, keepDims, largest: true);

    /// <summary>The smallest element, of all or along one axis. The gradient goes to the first place that holds it.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor Min(this Tensor x, int? axis = null, bool keepDims = false) => Extreme("Min", x, axis, keepDims, largest: false);

    /// <summary>Where along an axis the largest element is, the first of equals: Int32. NaN counts as the largest.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor ArgMax(this Tensor x, int axis = -1, bool keepDims = false) => ArgExtreme("ArgMax", x, axis, keepDims, largest: true);

    private static Tensor Extreme(string name, Tensor x, int? axis, bool keepDims, bool largest)
    {
        x = x.Floats(name);
        using var scope = new TensorScope();
        var (_, _, _, shape) = Along(name, x, axis, keepDims);
        var source = axis is null ? x.Reshape(-1) : x;
        int along = axis ?? 0;
        using var index = ArgExtreme(name, source, along, true, largest);
        return scope.Keep(source.Gather(along, index).Reshape(shape.Span));
    }

    private static Tensor ArgExtreme(string name, Tensor x, int axis, bool keepDims, bool largest)
    {
        x = x.Floats(name);
        var (outer, n, inner, shape) = Along(name, x, axis, keepDims);
        if (n == 0 && outer * inner > 0)
            throw new ArgumentException($"{name}: {x.Sizes} has nothing along axis {axis} to choose from.");
        var y = Tensor.Empty(name, shape, DType.Int32, x.Device);
        x.Kernels.ArgExtreme(x.Handle, y.Handle, outer, n, inner, largest);
        GC.KeepAlive(x);
        return y;
    }
}
