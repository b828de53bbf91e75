namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>y = Φ(x), the probability that a standard normal number is at most x. dx = dy·exp(-x²/2)/√(2π).</summary>
    public static Tensor NormalCdf(this Tensor x) => Unary("NormalCdf", UnaryKind.NormalCdf, x);
}
