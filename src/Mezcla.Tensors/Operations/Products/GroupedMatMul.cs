namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Multiplies each group of rows by its own matrix, as the experts of a Mixture of Experts do. x is [rows, in], sorted by group;
    /// weights are [groups, in, out], or [groups, out, in] if transposed. Group e has the rows from offsets[e] to before offsets[e + 1];
    /// rows after the last group give zeros. The result is [rows, out]. dx = dy·W(e)ᵀ, dW(e) = xᵀ·dy over the rows of e.
    /// </summary>
    /// <param name="x">The rows.</param>
    /// <param name="weights">A matrix for each group.</param>
    /// <param name="offsets">Int32 [groups + 1]: they begin at 0, never decrease, and end at most at the number of rows.</param>
    /// <param name="transposeWeights">Whether each matrix is [out, in], PyTorch's layout.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or the offsets are not as described.</exception>
    public static Tensor GroupedMatMul(this Tensor x, Tensor weights, Tensor offsets, bool transposeWeights = false)
    {
        x = x.Floats("GroupedMatMul");
        weights = weights.Floats("GroupedMatMul", x.Device);
        offsets.Integers("GroupedMatMul", "the group offsets", x.Device);
        if (x.Rank != 2 || weights.Rank != 3 || weights.Size(transposeWeights ? 2 : 1) != x.Size(1))
            throw new ArgumentException(
                $"GroupedMatMul: {x.Sizes} x {weights.Sizes}{(transposeWeights ? "ᵀ" : "")}: must be [rows, in] and " +
                    $"[groups, {(transposeWeights ? "out, in" : "in, out")}] with the same inner size.");
        int groups = weights.Size(0), rows = x.Size(0), k = x.Size(1), n = weights.Size(transposeWeights ? 1 : 2);
        if (offsets.Rank != 1 || offsets.Count != groups + 1)
            throw new ArgumentException($"GroupedMatMul: {groups} groups need offsets [{groups + 1}], not {offsets.Sizes}.");
        var y = Tensor.Empty("GroupedMatMul", new Shape(rows, n), DType.Float32, x.Device);
        var check = new IndexCheck("GroupedMatMul", IndexKind.Offset, offsets.Sizes, rows);
        if (x.Kernels.GroupedMatMul(x.Handle, weights.Handle, offsets.Handle, y.Handle, groups, rows, n, k, transposeWeights,
            accumulate: false, check) >= 0)
            throw new ArgumentException(
                $"GroupedMatMul: the offsets {Shape.Text(offsets.ToIntArray())} must rise from 0 to at most the number of rows, {rows}.");
        return Tape.Finish("GroupedMatMul", y,
            Tape.Records(x, weights) ? new GroupedMatMulNode(y, x, weights, offsets, groups, rows, n, k, transposeWeights) : null);
    }

    private sealed class GroupedMatMulNode(Tensor y, Tensor x, Tensor weights, Tensor offsets, int groups, int rows, int n, int k,
        bool transposed)
        : Node("GroupedMatMul", y, x.GradNode, weights.GradNode)
    {
        private readonly Saved _x = weights.RequiresGrad ? new Saved(x) : default, _weights = x.RequiresGrad ? new Saved(weights) : default;
        private readonly Saved _offsets = new(offsets);

        internal override void Backward(Handle gradient)
        {
            if (Input0 is { } dx)
                Kernels.GroupedMatMul(gradient, _weights.For(this), _offsets.For(this), dx.Target(out var add), groups, rows, k, n,
                    !transposed, add);
            if (Input1 is { } dw && transposed)
                Kernels.GroupedOuter(gradient, _x.For(this), _offsets.For(this), dw.Target(out var add), groups, rows, n, k, add);
            else if (Input1 is { } dWeights)
                Kernels.GroupedOuter(_x.For(this), gradient, _offsets.For(this), dWeights.Target(out var add), groups, rows, k, n, add);
        }

        protected override void ReleaseSaved() => Release(_x, _weights, _offsets);
    }
}
