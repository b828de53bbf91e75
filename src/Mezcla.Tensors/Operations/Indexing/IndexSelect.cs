namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Selects the positions <paramref name="ids"/> (Int32, one axis) of an axis, in that order; a position may occur several times. The
    /// gradient is added to the positions that were read.
    /// </summary>
    /// <exception cref="ArgumentException">The ids are not Int32 with one axis, or one lies outside.</exception>
    public static Tensor IndexSelect(this Tensor x, int axis, Tensor ids)
    {
        axis = x.Require("IndexSelect").Axis("IndexSelect", axis);
        if (ids.Integers("IndexSelect", "the ids", x.Device).Rank != 1)
            throw new ArgumentException($"IndexSelect: the ids must have one axis, not {ids.Sizes}.");
        return SelectRows("IndexSelect", x, axis, ids, x.Sizes.With(axis, ids.Sizes[0]));
    }

    private static Tensor SelectRows(string name, Tensor x, int axis, Tensor ids, in Shape shape)
    {
        var (outer, n, inner, _) = SplitAtAxis(name, x, axis, true);
        var y = Tensor.Empty(name, shape, x.DType, x.Device);
        var check = new IndexCheck(name, IndexKind.Index, ids.Sizes, n);
        ThrowIfOutside(check, ids,
            x.Kernels.GatherRows(x.Handle, ids.Handle, y.Handle, outer, n, ids.Count, inner * x.DType.Bytes(), check));
        return Tape.Finish(name, y, Tape.Records(x) ? new SelectRowsNode(name, y, x, ids, outer, n, inner) : null);
    }

    private sealed class SelectRowsNode(string name, Tensor y, Tensor x, Tensor ids, long outer, long n, long inner)
        : Node(name, y, x.GradNode)
    {
        private readonly Saved _ids = new(ids);
        private readonly long _count = ids.Count;

        internal override void Backward(Handle gradient)
            => Kernels.ScatterAddRows(gradient, _ids.For(this), TargetToAddTo(Input0!), outer, n, _count, inner);

        protected override void ReleaseSaved() => _ids.Release();
    }
}
