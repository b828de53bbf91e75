namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The largest element, of all or along one axis. The gradient goes to the first place that holds it.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor Max(this Tensor x, int? axis = null, bool keepDims = false) => Extreme("Max", x, axis, keepDims, largest: true);

    private static Tensor Extreme(string name, Tensor x, int? axis, bool keepDims, bool largest)
    {
        x = x.Floats(name);
        using var scope = new TensorScope();
        var (_, _, _, shape) = SplitAtAxis(name, x, axis, keepDims);
        var source = axis is null ? x.Reshape(-1) : x;
        int along = axis ?? 0;
        using var index = ArgExtreme(name, source, along, true, largest);
        return scope.Keep(source.Gather(along, index).Reshape(shape.Span));
    }
}
