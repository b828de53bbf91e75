namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>σ(x) = 1/(1 + e⁻ˣ); derivative y(1 - y).</summary>
    public static Tensor Sigmoid(this Tensor x) => Unary("Sigmoid", UnaryKind.Sigmoid, x);
}
