namespace Mezcla.Tensors;

/// <summary>The node of a result that holds the same numbers as its operand: the gradient is passed on unchanged.</summary>
internal sealed class AliasNode(string name, Tensor y, Tensor x) : Node(name, y, x.GradNode)
{
    internal override void Backward(Handle gradient) => Input0!.Receive(gradient);
}
