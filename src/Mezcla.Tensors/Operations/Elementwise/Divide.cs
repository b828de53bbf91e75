namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>a / b, broadcast. da = dy/b, db = -dy·a/b².</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator /(Tensor a, Tensor b) => TensorOperations.Divide(a, b);

    /// <summary>a / b for each element; derivative 1/b.</summary>
    public static Tensor operator /(Tensor a, float b) => TensorOperations.Unary("Divide", UnaryKind.Affine, a, 1 / b, 0);

    /// <summary>a / b for each element; derivative -a/b².</summary>
    public static Tensor operator /(float a, Tensor b) => TensorOperations.Unary("Divide", UnaryKind.Reciprocal, b, a);
}

public static partial class TensorOperations
{
    internal static Tensor Divide(Tensor a, Tensor b)
    {
        var y = Binary("Divide", BinaryKind.Divide, ref a, ref b);
        return Tape.Records(a, b) ? y.RecordedAs(new DivideNode(y, a, b)) : y;
    }

    private sealed class DivideNode(Tensor y, Tensor a, Tensor b) : BinaryNode("Divide", y, a, b)
    {
        private readonly Saved _a = b.RequiresGrad ? new Saved(a) : default, _b = new(b);

        internal override void Backward(Handle gradient)
        {
            PassOn(Input0, AShape, BinaryKind.Divide, gradient, _b, BShape);
            if (Input1 is null)
                return;
            var quotient = Rent(Count);
            Broadcast(BinaryKind.Divide, gradient, Shape, _b.For(this), BShape, quotient, Shape, Kernels, accumulate: false);
            Broadcast(BinaryKind.Divide, quotient, Shape, _b.For(this), BShape, quotient, Shape, Kernels, accumulate: false);
            Kernels.Scale(quotient, quotient, Count, -1, accumulate: false);
            PassOn(Input1, BShape, BinaryKind.Multiply, quotient, _a, AShape);
            quotient.Storage!.Release();
        }

        protected override void ReleaseSaved() => Release(_a, _b);
    }
}
