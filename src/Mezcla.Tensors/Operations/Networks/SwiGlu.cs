namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// silu(gate)·up in one pass: the gated half of a SwiGLU feed-forward network (Shazeer, arXiv:2002.05202). With s = σ(gate), d gate =
    /// dy·up·s(1 + gate(1 - s)) and d up = dy·gate·s. Both operands and the result have the same shape.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor SwiGlu(this Tensor gate, Tensor up)
    {
        gate = gate.Floats("SwiGlu");
        up = up.Floats("SwiGlu", gate.Device);
        if (gate.Sizes != up.Sizes)
            throw new ArgumentException($"SwiGlu: the gate {gate.Sizes} and up {up.Sizes} must have the same shape.");
        up = WithOwnNode(up, gate);
        var y = Tensor.Empty("SwiGlu", gate.Sizes, DType.Float32, gate.Device);
        gate.Kernels.SwiGlu(gate.Handle, up.Handle, y.Handle, y.Count);
        return Tape.Finish("SwiGlu", y, Tape.Records(gate, up) ? new SwiGluNode(y, gate, up) : null);
    }

    private sealed class SwiGluNode(Tensor y, Tensor gate, Tensor up) : Node("SwiGlu", y, gate.GradNode, up.GradNode)
    {
        private readonly Saved _gate = new(gate), _up = new(up);

        internal override void Backward(Handle gradient)
            => Kernels.SwiGluBackward(_gate.For(this), _up.For(this), gradient, Target(0, out var addGate), addGate,
                Target(1, out var addUp), addUp, Count);

        protected override void ReleaseSaved() => Release(_gate, _up);
    }
}
