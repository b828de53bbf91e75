namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The mean of all elements, or along one axis; NaN if there are no elements. dx = dy/n, repeated.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Mean(this Tensor x, int? axis = null, bool keepDims = false) => Sum("Mean", x, axis, keepDims, mean: true);
}
