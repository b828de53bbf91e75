namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>max(x, 0); derivative 1 where x is positive, else 0.</summary>
    public static Tensor Relu(this Tensor x) => Unary("Relu", UnaryKind.Relu, x);
}
