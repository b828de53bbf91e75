namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// y[.., j, ..] = x[.., index[.., j, ..], ..] along one axis. The gradient of y is added to the elements that were read.
    /// </summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="axis">The axis along which to choose.</param>
    /// <param name="index">Int32, of the shape of x except for the size of the axis.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or an index lies outside the axis.</exception>
    public static Tensor Gather(this Tensor x, int axis, Tensor index)
    {
        axis = x.Require("Gather").Axis("Gather", axis);
        index.Integers("Gather", "the index", x.Device);
        CheckIndex("Gather", x, axis, index);
        var (outer, n, inner, _) = SplitAtAxis("Gather", x, axis, true);
        var y = Tensor.Empty("Gather", index.Sizes, x.DType, x.Device);
        var check = new IndexCheck("Gather", IndexKind.Index, index.Sizes, n);
        ThrowIfOutside(check, index,
            x.Kernels.Gather(x.Handle, index.Handle, y.Handle, outer, n, inner, index.Sizes[axis], x.DType.Bytes(), check));
        return Tape.Finish("Gather", y, Tape.Records(x) ? new GatherNode("Gather", y, x, index, outer, n, inner) : null);
    }

    private sealed class GatherNode(string name, Tensor y, Tensor x, Tensor index, long outer, long n, long inner)
        : Node(name, y, x.GradNode)
    {
        private readonly Saved _index = new(index);

        internal override void Backward(Handle gradient)
        {
            var dx = TargetToAddTo(Input0!);
            if (Count > 0)
                Kernels.ScatterAdd(gradient, _index.For(this), dx, outer, n, inner, Count / (outer * inner));
        }

        protected override void ReleaseSaved() => _index.Release();
    }
}
