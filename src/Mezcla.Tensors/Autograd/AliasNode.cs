namespace Mezcla.Tensors;

/// <summary>A result that holds the same numbers as the operand: the gradient is passed on as it is.</summary>
internal sealed class AliasNode(string name, Tensor y, Tensor x) : Node(name, y, x.GradNode)
{
    internal override void Backward(Handle gradient) => Input0!.Receive(gradient);
}
