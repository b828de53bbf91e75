namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>√x; derivative 1/(2y), infinite at 0.</summary>
    public static Tensor Sqrt(this Tensor x) => Unary("Sqrt", UnaryKind.Sqrt, x);
}
