namespace Mezcla.Tensors.Devices.Gpu;

internal sealed unsafe partial class GpuKernels
{
    internal override void Fill(Handle y, long n, float value) => Each("fill", n, y, n, value);

    internal override void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape, int elementBytes)
        => Each(elementBytes == 2 ? "copy_strided2" : "copy_strided4", shape.Count, x, y, Strides(shape, xStrides, yStrides), shape.Count);

    internal override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
    {
        // Where elements of y stand for many of the shape, each is the owner's sum; the tape never asks for that.
        Each("add_strided", shape.Count, x, y, Strides(shape, xStrides, yStrides), shape.Count);
    }

    /// <summary>The struct Strides of the prelude: rank, sizes, and two lists of strides.</summary>
    private static long[] Strides(in Shape shape, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        const int most = Shape.MaxRank;
        var numbers = new long[1 + 4 * most];
        numbers[0] = shape.Rank;
        for (int i = 0; i < shape.Rank; i++)
            (numbers[1 + i], numbers[1 + most + i], numbers[1 + 2 * most + i]) = (shape[i], a[i], b[i]);
        return numbers;
    }

    internal override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        if (from == to)
            Copy(x, y, n * from.Bytes());
        else
            Each("convert", n, x, (long)from, y, (long)to, n);
    }

    internal override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        bool words = (rowBytes | x.Offset | y.Offset) % 4 == 0;
        long row = rowBytes / (words ? 4 : 2), n = outer * count * row;
        Each(words ? "gather_rows4" : "gather_rows2", n, x, ids, y, axis, count, row, n, Record, Number(check));
        Alone(ids, n == 0 ? count : 0, axis, check);
        return -1;
    }

    internal override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
    {
        if (outer * count * row == 0)
            return;
        Handle next = Rent(count), first = Rent(count);
        Each("scatter_links", count, ids, next, first, count);
        Each("scatter_rows", outer * count * row, x, ids, next, first, y, axis, count, row, outer * count * row, Record, Number(check));
        next.Storage!.Release();
        first.Storage!.Release();
    }

    internal override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes, in IndexCheck check)
    {
        long n = outer * count * inner;
        Each(elementBytes == 2 ? "gather2" : "gather4", n, x, index, y, axis, inner, count, n, Record, Number(check));
        return -1;
    }

    internal override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        Each("scatter_add", outer * inner, x, index, y, axis, inner, count, outer * inner, Record, Number(check));
        return -1;
    }

    internal override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
        => Each("select_by", n, mask, a, aValue, b, bValue, y, n, accumulate);

    internal override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
        => Each("tril", batch * rows * columns, x, y, rows, columns, diagonal, batch * rows * columns, accumulate);

    internal override long OneHot(Handle ids, Handle y, long n, long classes, in IndexCheck check)
    {
        Each("one_hot", n * classes, ids, y, classes, n * classes, Record, Number(check));
        Alone(ids, classes == 0 ? n : 0, classes, check);
        return -1;
    }

    // Where the operation has no elements, and so no work items, its indices are still looked at.
    private void Alone(Handle ids, long n, long limit, in IndexCheck check)
    {
        if (check.Operation is not null)
            Each("check_indices", n, ids, limit, n, Record, Number(check));
    }

    internal override long FirstNaN(Handle x, long n) => n == 0 ? -1 : Search(place => Each("first_nan", n, x, place, n));
}
