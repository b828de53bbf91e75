namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// silu(gate)·up in one pass: the gated half of a SwiGLU feed-forward network (Shazeer, arXiv:2002.05202). With s = σ(gate),
    /// d gate = dy·up·s(1 + gate(1 - s)) and d up = dy·gate·s. Both of one shape, the result too.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor SwiGlu(this Tensor gate, Tensor up)
    {
        gate = gate.Floats("SwiGlu");
        up = up.Floats("SwiGlu", gate.Device);
        if (gate.Sizes != up.Sizes)
            throw new ArgumentException($"SwiGlu: the gate {gate.Sizes} and what it lets through {up.Sizes} must have one shape.");
        up = WithOwnNode(up, gate);
        var y = Tensor.Empty("SwiGlu", gate.Sizes, DType.Float32, gate.Device);
        gate.Kernels.SwiGlu(gate.Handle, up.Handle, y.Handle, y.Count);
        if (Tape.Records(gate, up))
            y.RecordedAs(new SwiGluNode(y, gate, up));
        return Tape.Finish("SwiGlu", y);
    }

    private sealed class SwiGluNode(Tensor y, Tensor gate, Tensor up) : Node("SwiGlu", y, gate.GradNode, up.GradNode)
    {
        private readonly Saved gate = new(gate), up = new(up);

        internal override void Backward(Handle gradient)
        {
            bool addGate = false, addUp = false;
            var dGate = Input0?.Target(out addGate) ?? default;
            var dUp = Input1?.Target(out addUp) ?? default;
            Kernels.SwiGluBackward(gate.For(this), up.For(this), gradient, dGate, addGate, dUp, addUp, Count);
        }

        protected override void ReleaseSaved() => Release(gate, up);
    }
}
