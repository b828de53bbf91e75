namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    private static Tensor Alias(string name, Tensor x, in Shape shape)
    {
        var y = x.Require(name).View(shape, 0);
        return Tape.Records(x) ? y.RecordedAs(new AliasNode(name, y, x)) : y;
    }

    /// <summary>
    /// The tensor, under another node where it is also one of the others: an operation with derivatives of several operands writes each to a
    /// place of its own.
    /// </summary>
    internal static Tensor WithOwnNode(Tensor tensor, Tensor? other, Tensor? another = null)
        => ReferenceEquals(tensor, other) || ReferenceEquals(tensor, another) ? Alias("Alias", tensor, tensor.Sizes) : tensor;
}

/// <summary>A result that is the operand itself in another guise: its gradient is the operand's.</summary>
internal sealed class AliasNode(string name, Tensor y, Tensor x) : Node(name, y, x.GradNode)
{
    internal override void Backward(Handle gradient) => Input0!.Receive(gradient);
}
