namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The smallest element, of all or along one axis. The gradient goes to the first place that holds it.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or nothing along it.</exception>
    public static Tensor Min(this Tensor x, int? axis = null, bool keepDims = false) => Extreme("Min", x, axis, keepDims, largest: false);
}
