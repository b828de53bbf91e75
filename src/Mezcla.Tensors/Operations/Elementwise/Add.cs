namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>
    /// a + b, broadcast: sizes of 1 are repeated and missing leading axes added. da = dy, db = dy,
    /// each summed over the axes that were repeated.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator +(Tensor a, Tensor b) => TensorOperations.Add(a, b);

    /// <summary>a + b for each element; derivative 1.</summary>
    public static Tensor operator +(Tensor a, float b) => TensorOperations.Unary("Add", UnaryKind.Affine, a, 1, b);

    /// <summary>a + b for each element; derivative 1.</summary>
    public static Tensor operator +(float a, Tensor b) => b + a;
}

public static partial class TensorOperations
{
    internal static Tensor Add(Tensor a, Tensor b)
    {
        var y = Binary("Add", BinaryKind.Add, ref a, ref b);
        return Tape.Records(a, b) ? y.RecordedAs(new AddNode(y, a, b)) : y;
    }

    private sealed class AddNode(Tensor y, Tensor a, Tensor b) : BinaryNode("Add", y, a, b)
    {
        internal override void Backward(Handle gradient)
        {
            PassOn(Input0, AShape, gradient, 1);
            PassOn(Input1, BShape, gradient, 1);
        }
    }
}
