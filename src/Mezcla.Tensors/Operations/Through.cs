namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// An operation whose forward and backward pass the caller computes, such as one that sends numbers to another process and gets others
    /// back.
    /// </summary>
    /// <param name="x">The operand.</param>
    /// <param name="name">The operation's name, for messages.</param>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="forward">Reads its first argument, the operand, and fills its second, the result. Both are Float32.</param>
    /// <param name="backward">Reads the gradient of the result and fills that of the operand. Called once, in the backward pass.</param>
    public static Tensor Through(this Tensor x, string name, ReadOnlySpan<int> shape, Action<Tensor, Tensor> forward,
        Action<Tensor, Tensor> backward)
    {
        x = x.Floats(name);
        var y = Tensor.Empty(name, new Shape(shape), DType.Float32, x.Device);
        using (new NoGrad())
            forward(x, y);
        return Tape.Finish(name, y, Tape.Records(x) ? new ThroughNode(name, y, x, backward) : null);
    }

    private sealed class ThroughNode(string name, Tensor y, Tensor x, Action<Tensor, Tensor> backward) : Node(name, y, x.GradNode)
    {
        private readonly Shape _from = x.Sizes, _to = y.Sizes;

        internal override void Backward(Handle gradient)
        {
            gradient.Storage!.AddReference();
            using var arrived = new Tensor(gradient.Storage, gradient.Offset, _to, DType.Float32, Device, track: false);
            using var passed = Tensor.Empty(Name, _from, DType.Float32, Device, track: false);
            using (new NoGrad())
                backward(arrived, passed);
            Input0!.Receive(passed.Handle);
        }
    }
}
