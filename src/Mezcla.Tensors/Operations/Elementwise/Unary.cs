namespace Mezcla.Tensors;

/// <summary>
/// The operations on tensors. Each has its own file, which gives its formula, derivative, shapes and source. Operations never change their
/// operands. They are recorded on the tape if an operand requires a gradient and no <see cref="NoGrad"/> is active.
/// </summary>
public static partial class TensorOperations
{
    /// <summary>y = f(x) element by element, for all functions of one element, which differ only in their kernel.</summary>
    internal static Tensor Unary(string name, UnaryKind kind, Tensor x, float a = 0, float b = 0)
    {
        x = x.Floats(name);
        var y = Tensor.Empty(name, x.Sizes, DType.Float32, x.Device);
        x.Kernels.Unary(kind, x.Handle, y.Handle, x.Count, a, b);
        return Tape.Finish(name, y, Tape.Records(x) ? new UnaryNode(name, y, kind, x, a, b) : null);
    }

    /// <summary>dx += dy·f′(x).</summary>
    private sealed class UnaryNode(string name, Tensor y, UnaryKind kind, Tensor x, float a, float b) : Node(name, y, x.GradNode)
    {
        private readonly Saved _saved = kind.SavesNothing() ? default : new Saved(kind.SavesResult() ? y : x);

        internal override void Backward(Handle gradient)
        {
            var dx = Input0!.TargetOver(gradient, out var accumulate);
            Kernels.UnaryBackward(kind, _saved.For(this), gradient, dx, Count, a, b, accumulate);
        }

        protected override void ReleaseSaved() => _saved.Release();
    }
}
