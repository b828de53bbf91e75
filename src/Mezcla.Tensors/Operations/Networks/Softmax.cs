namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// exp(x - max)/Σ along one axis: positive numbers that sum to 1. dx = y(dy - Σ dy·y). A row that is all -∞ gives NaN, as in PyTorch.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Softmax(this Tensor x, int axis = -1) => Softmax("Softmax", x, axis, log: false);

    private static Tensor Softmax(string name, Tensor x, int axis, bool log)
    {
        x = x.Floats(name);
        axis = x.Axis(name, axis);
        if (axis != x.Rank - 1)
        {
            using var scope = new TensorScope();
            return scope.Keep(Softmax(name, x.Transpose(axis, -1), x.Rank - 1, log).Transpose(axis, -1));
        }
        var (rows, n, _, _) = SplitAtAxis(name, x, axis, true);
        var y = Tensor.Empty(name, x.Sizes, DType.Float32, x.Device);
        x.Kernels.Softmax(x.Handle, y.Handle, rows, n, log);
        return Tape.Finish(name, y, Tape.Records(x) ? new SoftmaxNode(name, y, x, rows, n, log) : null);
    }

    private sealed class SoftmaxNode(string name, Tensor y, Tensor x, long rows, long n, bool log) : Node(name, y, x.GradNode)
    {
        private readonly Saved _y = new(y);

        internal override void Backward(Handle gradient)
            => Kernels.SoftmaxBackward(_y.For(this), gradient, Input0!.Target(out var accumulate), rows, n, log, accumulate);

        protected override void ReleaseSaved() => _y.Release();
    }
}
