namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>y[j] = x[0] + ... + x[j] along one axis; dx[j] = dy[j] + ... + dy[n-1].</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor CumulativeSum(this Tensor x, int axis = -1)
    {
        x = x.Floats("CumulativeSum");
        var (outer, n, inner, _) = Along("CumulativeSum", x, axis, true);
        var y = Tensor.Empty("CumulativeSum", x.Layout, DType.Float32, x.Device);
        x.Kernels.CumulativeSum(x.Handle, y.Handle, outer, n, inner, reverse: false, accumulate: false);
        if (Tape.Records(x))
            y.RecordedAs(new CumulativeSumNode(y, x, outer, n, inner));
        return Tape.Finish("CumulativeSum", y);
    }

    private sealed class CumulativeSumNode(Tensor y, Tensor x, long outer, long n, long inner) : Node("CumulativeSum", y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
            => Kernels.CumulativeSum(gradient, Input0!.Target(out bool accumulate), outer, n, inner, reverse: true, accumulate);
    }
}
