namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>x²; derivative 2x.</summary>
    public static Tensor Square(this Tensor x) => Unary("Square", UnaryKind.Square, x);
}
