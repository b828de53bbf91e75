namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>x·σ(x), also called swish; derivative σ(x)(1 + x(1 - σ(x))). Elfwing, Uchibe and Doya, arXiv:1702.03118.</summary>
    public static Tensor Silu(this Tensor x) => Unary("Silu", UnaryKind.Silu, x);
}
