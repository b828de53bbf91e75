namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>eˣ; derivative y.</summary>
    public static Tensor Exp(this Tensor x) => Unary("Exp", UnaryKind.Exp, x);
}
