namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>a · b element by element, broadcast. da = dy·b, db = dy·a.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator *(Tensor a, Tensor b) => TensorOperations.Multiply(a, b);

    /// <summary>a · b for each element; derivative b.</summary>
    public static Tensor operator *(Tensor a, float b) => TensorOperations.Unary("Multiply", UnaryKind.Affine, a, b, 0);

    /// <summary>a · b for each element; derivative a.</summary>
    public static Tensor operator *(float a, Tensor b) => b * a;
}

public static partial class TensorOperations
{
    internal static Tensor Multiply(Tensor a, Tensor b)
    {
        var y = Binary("Multiply", BinaryKind.Multiply, ref a, ref b);
        return Tape.Records(a, b) ? y.RecordedAs(new MultiplyNode(y, a, b)) : y;
    }

    private sealed class MultiplyNode(Tensor y, Tensor a, Tensor b) : BinaryNode("Multiply", y, a, b)
    {
        private readonly Saved _a = b.RequiresGrad ? new Saved(a) : default, _b = a.RequiresGrad ? new Saved(b) : default;

        internal override void Backward(Handle gradient)
        {
            PassOn(Input0, AShape, BinaryKind.Multiply, gradient, _b, BShape);
            PassOn(Input1, BShape, BinaryKind.Multiply, gradient, _a, AShape);
        }

        protected override void ReleaseSaved() => Release(_a, _b);
    }
}
