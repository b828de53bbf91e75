namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// y[s] = Σ x[i] over the rows i with ids[i] = s: adds the outputs of the experts to the rows of their tokens. x is [n, ...], ids are
    /// Int32 [n], the result is [segments, ...]; rows that no id names are zero. dx[i] = dy[ids[i]].
    /// </summary>
    /// <exception cref="ArgumentException">There is not one id for each row, or an id is out of range.</exception>
    public static Tensor SegmentSum(this Tensor x, Tensor ids, int segments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(segments);
        x = x.Floats("SegmentSum");
        ids.Integers("SegmentSum", "the ids", x.Device);
        if (x.Rank == 0 || ids.Rank != 1 || ids.Sizes[0] != x.Sizes[0])
            throw new ArgumentException($"SegmentSum: ids {ids.Sizes} must name a segment for each row of {x.Sizes}.");
        var row = x.Sizes.Product(1, x.Rank);
        var check = CheckIds("SegmentSum", ids, segments);
        var y = Tensor.Empty("SegmentSum", x.Sizes.With(0, segments), DType.Float32, x.Device);
        x.Kernels.Fill(y.Handle, y.Count, 0);
        x.Kernels.ScatterAddRows(x.Handle, ids.Handle, y.Handle, 1, segments, ids.Count, row, check);
        return Tape.Finish("SegmentSum", y, Tape.Records(x) ? new SegmentSumNode(y, x, ids, segments, row) : null);
    }

    private sealed class SegmentSumNode(Tensor y, Tensor x, Tensor ids, int segments, long row) : Node("SegmentSum", y, x.GradNode)
    {
        private readonly Saved _ids = new(ids);
        private readonly long _count = ids.Count;

        internal override void Backward(Handle gradient)
        {
            var gathered = Rent(_count * row);
            Kernels.GatherRows(gradient, _ids.For(this), gathered, 1, segments, _count, row * sizeof(float));
            Input0!.Receive(gathered);
            gathered.Storage!.Release();
        }

        protected override void ReleaseSaved() => _ids.Release();
    }
}
