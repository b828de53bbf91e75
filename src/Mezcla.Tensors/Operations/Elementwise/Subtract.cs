namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>a - b, broadcast. da = dy, db = -dy.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator -(Tensor a, Tensor b) => TensorOperations.Subtract(a, b);

    /// <summary>a - b for each element; derivative 1.</summary>
    public static Tensor operator -(Tensor a, float b) => TensorOperations.Unary("Subtract", UnaryKind.Affine, a, 1, -b);

    /// <summary>a - b for each element; derivative -1.</summary>
    public static Tensor operator -(float a, Tensor b) => TensorOperations.Unary("Subtract", UnaryKind.Affine, b, -1, a);
}

public static partial class TensorOperations
{
    internal static Tensor Subtract(Tensor a, Tensor b)
    {
        var y = Binary("Subtract", BinaryKind.Subtract, ref a, ref b);
        return Tape.Records(a, b) ? y.RecordedAs(new SubtractNode(y, a, b)) : y;
    }

    private sealed class SubtractNode(Tensor y, Tensor a, Tensor b) : BinaryNode("Subtract", y, a, b)
    {
        internal override void Backward(Handle gradient)
        {
            PassOn(Input0, AShape, gradient, 1);
            PassOn(Input1, BShape, gradient, -1);
        }
    }
}
