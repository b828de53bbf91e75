namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= a ∘ b over a shape; an operand that is repeated along an axis has the stride 0 there.</summary>
    public override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y,
        in Shape shape, bool accumulate)
    {
        NumberSpan<float> left = Floats(a), right = Floats(b), to = Floats(y);
        for (long i = 0; i < shape.Count; i++)
            Put(ref to[i], Apply(kind, left[Position(i, shape, aStrides)], right[Position(i, shape, bStrides)]), accumulate);
    }

    private static double Apply(BinaryKind kind, double a, double b) => kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        BinaryKind.Divide => a / b,
        BinaryKind.Greater => a > b ? 1 : 0,
        BinaryKind.Less => a < b ? 1 : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
