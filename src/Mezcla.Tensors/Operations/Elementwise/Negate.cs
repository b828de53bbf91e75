namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>-a; derivative -1.</summary>
    public static Tensor operator -(Tensor a) => TensorOperations.Unary("Negate", UnaryKind.Affine, a, -1, 0);
}
