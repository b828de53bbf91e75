using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    // Rows and columns of C that a group makes: see products.cl.
    private long TileRows => _group > 1 ? 64 : 8;

    private long TileColumns => _group > 1 ? 64 : 32;

    private long TilesOfRows(long m) => (m + TileRows - 1) / TileRows;

    private long TilesOfColumns(long n) => (n + TileColumns - 1) / TileColumns;

    public override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        if (batch > 1 && strideC == 0)
        {
            // All products go to one place: their sum, in order.
            for (var i = 0; i < batch; i++)
                MatMul(product with { Batch = 1 }, a.Plus(i * strideA * 4), b.Plus(i * strideB * 4), bias, c, accumulate || i > 0);
            return;
        }
        long ai = transposeA ? 1 : k, ak = transposeA ? m : 1, bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
        Groups("matmul", batch * TilesOfRows(m) * TilesOfColumns(n), a, ai, ak, strideA, b, bk, bj, strideB, bias, c, strideC, (long)m,
            (long)n, (long)k,
            accumulate);
    }

    public override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB,
        bool accumulate, in IndexCheck check)
    {
        long bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
        Groups("grouped_matmul", (TilesOfRows(rows) + groups) * TilesOfColumns(n), a, b, bk, bj, offsets, c, (long)groups, rows, (long)n,
            (long)k,
            accumulate);
        if (!accumulate)
            Each("clear_behind", Math.Max(rows * n, groups + 1), offsets, c, (long)groups, rows, (long)n, Record, Number(check));
        return -1;
    }

    public override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
        => Groups("grouped_outer", groups * TilesOfRows(m) * TilesOfColumns(n), a, b, offsets, c, rows, (long)m, (long)n, accumulate);

    public override void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows,
        Handle groupOf, Handle kept, Handle offsets, in IndexCheck check)
    {
        long n = (long)tokens * k, blocks = (n + 63) / 64;
        Handle counts = Rent(blocks * (groups + 1)), totals = Rent(3L * (groups + 1)), sorted = Rent(n);
        Each("group_count", blocks, ids, counts, (long)tokens, (long)k, (long)groups, blocks, Record, Number(check));
        Groups("group_scan", groups + 1, counts, totals, (long)groups, blocks);
        Groups("group_starts", 1, totals, offsets, (long)groups, (long)capacity);
        Each("group_sort", blocks, ids, counts, totals, sorted, (long)tokens, (long)k, (long)groups, blocks);
        if (!priority.IsNull && capacity < n)
        {
            var other = Rent(n);
            for (long width = 1; width < n; width *= 2, (sorted, other) = (other, sorted))
                Each("group_merge", n, ids, priority, totals, sorted, other, (long)tokens, (long)k, (long)groups, (long)capacity, width, n);
            other.Storage!.Release();
        }
        Each("group_place", n, ids, totals, sorted, order, rows, groupOf, kept, offsets, (long)k, (long)groups, (long)capacity, n);
        counts.Storage!.Release();
        totals.Storage!.Release();
        sorted.Storage!.Release();
    }

    public override void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check)
        => Groups("count_by_index", groups, ids, counts, (long)groups, n, Record, Number(check));

    public override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        var n = layout.Blocks * layout.Time * layout.Heads * layout.Size;
        Each("rotary", n, x, cos, sin, y, (long)layout.Time, (long)layout.Heads, (long)layout.Size, (long)layout.Rotated,
            layout.Interleaved, (long)layout.Start, inverse, n, accumulate);
    }
}
