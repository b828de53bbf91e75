namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    private static Tensor Alias(string name, Tensor x, in Shape shape)
    {
        var y = x.Require(name).View(shape, 0);
        return Tape.Records(x) ? y.RecordedAs(new AliasNode(name, y, x)) : y;
    }

    /// <summary>
    /// Returns the tensor, with a node of its own if it is also one of the other operands, because an operation writes the gradient of each
    /// operand to a different place.
    /// </summary>
    internal static Tensor WithOwnNode(Tensor tensor, Tensor? other, Tensor? another = null)
        => ReferenceEquals(tensor, other) || ReferenceEquals(tensor, another) ? Alias("Alias", tensor, tensor.Sizes) : tensor;
}
