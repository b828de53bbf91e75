namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>ln(1 + eˣ), computed without overflow; derivative σ(x).</summary>
    public static Tensor Softplus(this Tensor x) => Unary("Softplus", UnaryKind.Softplus, x);
}
