namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>xᵖ; derivative p·xᵖ⁻¹, and 0 where p is 0.</summary>
    public static Tensor Pow(this Tensor x, float exponent) => Unary("Pow", UnaryKind.Pow, x, exponent);
}
