namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>tanh x; derivative 1 - y².</summary>
    public static Tensor Tanh(this Tensor x) => Unary("Tanh", UnaryKind.Tanh, x);
}
