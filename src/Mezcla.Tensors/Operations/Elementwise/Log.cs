namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>ln x; derivative 1/x. NaN for negative numbers, -∞ for 0.</summary>
    public static Tensor Log(this Tensor x) => Unary("Log", UnaryKind.Log, x);
}
