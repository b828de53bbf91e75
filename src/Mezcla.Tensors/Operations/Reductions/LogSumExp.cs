namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// max + ln Σ exp(x - max) along one axis. The axis is removed, or gets size 1 with <paramref name="keepDims"/>. dx = dy·softmax x.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor LogSumExp(this Tensor x, int axis = -1, bool keepDims = false)
    {
        x = x.Floats("LogSumExp");
        axis = x.Axis("LogSumExp", axis);
        if (axis != x.Rank - 1)
        {
            using var scope = new TensorScope();
            var moved = x.Transpose(axis, -1).LogSumExp(-1, keepDims: true).Transpose(axis, -1);
            return scope.Keep(keepDims ? moved : moved.Reshape(moved.Sizes.Without(axis).Span));
        }
        var (rows, n, _, shape) = SplitAtAxis("LogSumExp", x, axis, keepDims);
        var y = Tensor.Empty("LogSumExp", shape, DType.Float32, x.Device);
        x.Kernels.LogSumExp(x.Handle, y.Handle, rows, n);
        return Tape.Finish("LogSumExp", y, Tape.Records(x) ? new LogSumExpNode(y, x, n) : null);
    }

    private sealed class LogSumExpNode(Tensor y, Tensor x, long n) : Node("LogSumExp", y, x.GradNode)
    {
        private readonly Saved _x = new(x), _y = new(y);

        internal override void Backward(Handle gradient)
            => Kernels.LogSumExpBackward(_x.For(this), _y.For(this), gradient, Input0!.Target(out var accumulate), Count, n, accumulate);

        protected override void ReleaseSaved() => Release(_x, _y);
    }
}
