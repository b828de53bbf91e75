namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// y[s] = Σ x[i] over the rows i with ids[i] = s: brings what the experts computed back to its tokens. x [n, ...], ids Int32 [n], result
    /// [segments, ...]; rows that nothing names are zero. dx[i] = dy[ids[i]].
    /// </summary>
    /// <exception cref="ArgumentException">The ids are not one for each row, or one lies outside.</exception>
    public static Tensor SegmentSum(this Tensor x, Tensor ids, int segments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(segments);
        x = x.Floats("SegmentSum");
        ids.Integers("SegmentSum", "the ids", x.Device);
        if (x.Rank == 0 || ids.Rank != 1 || ids.Sizes[0] != x.Sizes[0])
            throw new ArgumentException($"SegmentSum: ids {ids.Sizes} must name a segment for each row of {x.Sizes}.");
        long row = x.Sizes.Product(1, x.Rank);
        var check = CheckIds("SegmentSum", ids, segments);
        var y = Tensor.Empty("SegmentSum", x.Sizes.With(0, segments), DType.Float32, x.Device);
        x.Kernels.Fill(y.Handle, y.Count, 0);
        x.Kernels.ScatterAddRows(x.Handle, ids.Handle, y.Handle, 1, segments, ids.Count, row, check);
        if (Tape.Records(x))
            y.RecordedAs(new SegmentSumNode(y, x, ids, segments, row));
        return Tape.Finish("SegmentSum", y);
    }

    private sealed class SegmentSumNode(Tensor y, Tensor x, Tensor ids, int segments, long row) : Node("SegmentSum", y, x.GradNode)
    {
        private readonly Saved ids = new(ids);
        private readonly long count = ids.Count;

        internal override void Backward(Handle gradient)
        {
            var dx = Input0!.Target(out bool accumulate);
            if (!accumulate)
            {
                Kernels.GatherRows(gradient, ids.For(this), dx, 1, segments, count, row * sizeof(float));
                return;
            }
            var work = new Scratch(Device);
            var gathered = work.Rent(count * row);
            Kernels.GatherRows(gradient, ids.For(this), gathered, 1, segments, count, row * sizeof(float));
            Kernels.Scale(gathered, dx, count * row, 1, accumulate: true);
            work.Dispose();
        }

        protected override void ReleaseSaved() => ids.Release();
    }
}
