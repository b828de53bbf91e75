using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    public override void Fill(Handle y, long n, float value) => Each("fill", n, y, n, value);

    public override void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape,
        int elementBytes)
        => Each(elementBytes == 2 ? "copy_strided2" : "copy_strided4", shape.Count, x, y, Strides(shape, xStrides, yStrides), shape.Count);

    public override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
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
        for (var i = 0; i < shape.Rank; i++)
            (numbers[1 + i], numbers[1 + most + i], numbers[1 + 2 * most + i]) = (shape[i], a[i], b[i]);
        return numbers;
    }

    public override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        if (from == to)
            Copy(x, y, n * from.Bytes());
        else
            Each("convert", n, x, (long)from, y, (long)to, n);
    }

    public override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        var words = (rowBytes | x.Offset | y.Offset) % 4 == 0;
        long row = rowBytes / (words ? 4 : 2), n = outer * count * row;
        Each(words ? "gather_rows4" : "gather_rows2", n, x, ids, y, axis, count, row, n, Record, Number(check));
        CheckOnly(ids, n == 0 ? count : 0, axis, check);
        return -1;
    }

    public override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
    {
        if (outer * count * row == 0)
            return;
        // How often each id stands there, how far its part of the list is filled, and how much of the list is taken.
        Handle counts = Rent(2 * axis + 1), starts = Rent(axis), lists = Rent(3 * count);
        Handle filled = counts.Plus(axis * sizeof(int)), used = filled.Plus(axis * sizeof(int)), places = lists.Plus(count * sizeof(int)),
            first = places.Plus(count * sizeof(int));
        Each("fill_int", 2 * axis + 1, counts, 2 * axis + 1, 0L);
        Each("scatter_count", count, ids, counts, axis, count);
        Each("scatter_starts", axis, counts, starts, used, axis);
        Each("scatter_list", count, ids, filled, starts, lists, axis, count);
        Each("scatter_order", count, ids, counts, starts, lists, places, first, axis, count);
        Each("scatter_rows", outer * count * row, x, ids, counts, starts, places, first, y, axis, count, row, outer * count * row, Record,
            Number(check));
        counts.Storage!.Release();
        starts.Storage!.Release();
        lists.Storage!.Release();
    }

    public override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes,
        in IndexCheck check)
    {
        var n = outer * count * inner;
        Each(elementBytes == 2 ? "gather2" : "gather4", n, x, index, y, axis, inner, count, n, Record, Number(check));
        return -1;
    }

    public override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        Each("scatter_add", outer * inner, x, index, y, axis, inner, count, outer * inner, Record, Number(check));
        return -1;
    }

    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
        => Each("select_by", n, mask, a, aValue, b, bValue, y, n, accumulate);

    public override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
        => Each("tril", batch * rows * columns, x, y, rows, columns, diagonal, batch * rows * columns, accumulate);

    // Where the operation has no elements, and so no work items, its indices are still looked at.
    private void CheckOnly(Handle ids, long n, long limit, in IndexCheck check)
    {
        if (check.Operation is not null)
            Each("check_indices", n, ids, limit, n, Record, Number(check));
    }

    public override long FirstNaN(Handle x, long n) => n == 0 ? -1 : Search(place => Each("first_nan", n, x, place, n));
}
