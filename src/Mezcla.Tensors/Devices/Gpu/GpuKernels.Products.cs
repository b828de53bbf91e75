using Mezcla.Tensors.Devices.Gpu.Cuda;

namespace Mezcla.Tensors.Devices.Gpu;

internal sealed unsafe partial class GpuKernels
{
    // Rows and columns of C that a group makes: see products.cl.
    private long TileRows => group > 1 ? 64 : 8;

    private long TileColumns => group > 1 ? 64 : 32;

    private long Down(long m) => (m + TileRows - 1) / TileRows;

    private long Across(long n) => (n + TileColumns - 1) / TileColumns;

    internal override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        if (batch > 1 && strideC == 0)
        {
            // All products go to one place: their sum, in order.
            for (int i = 0; i < batch; i++)
                MatMul(product with { Batch = 1 }, a.Plus(i * strideA * 4), b.Plus(i * strideB * 4), bias, c, accumulate || i > 0);
            return;
        }
        if (driver.HasProducts && batch is > 0 and <= CuBlas.MostProducts && m > 0 && n > 0 && k > 0)
        {
            DriversProduct(product, a, b, bias, c, accumulate);
            return;
        }
        long ai = transposeA ? 1 : k, ak = transposeA ? m : 1, bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
        Groups("matmul", batch * Down(m) * Across(n), a, ai, ak, strideA, b, bk, bj, strideB, bias, c, strideC, (long)m, (long)n, (long)k, accumulate);
    }

    // The bias goes first to every row, and the product is added.
    private void DriversProduct(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        if (!bias.IsNull)
        {
            var rows = new Shape(product.Batch, product.M, product.N);
            ReadOnlySpan<long> from = [0, 0, 1], to = [product.StrideC, product.N, 1];
            if (accumulate)
                AddStrided(bias, from, c, to, rows);
            else
                CopyStrided(bias, from, c, to, rows, sizeof(float));
        }
        lock (gate)
            driver.Multiply(product, Place(a), Place(b), Place(c), accumulate || !bias.IsNull);

        static nint Place(Handle handle) => handle.Storage!.Address + (nint)handle.Offset;
    }

    internal override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB, bool accumulate, in IndexCheck check)
    {
        long bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
        Groups("grouped_matmul", (Down(rows) + groups) * Across(n), a, b, bk, bj, offsets, c, (long)groups, rows, (long)n, (long)k, accumulate);
        if (!accumulate)
            Each("clear_behind", Math.Max(rows * n, groups + 1), offsets, c, (long)groups, rows, (long)n, Record, Number(check));
        return -1;
    }

    internal override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
        => Groups("grouped_outer", groups * Down(m) * Across(n), a, b, offsets, c, rows, (long)m, (long)n, accumulate);

    internal override void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows, Handle groupOf, Handle kept, Handle offsets, in IndexCheck check)
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

    internal override void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check)
        => Groups("count_by_index", groups, ids, counts, (long)groups, n, Record, Number(check));

    internal override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        long n = layout.Blocks * layout.Time * layout.Heads * layout.Size;
        Each("rotary", n, x, cos, sin, y, (long)layout.Time, (long)layout.Heads, (long)layout.Size, (long)layout.Rotated, layout.Interleaved, (long)layout.Start, inverse, n, accumulate);
    }

    internal override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
        => Groups("attention", (long)layout.Batch * layout.Heads * layout.Queries, q, k, v, sinks, o, lse, Numbers(layout), layout.Scale);

    internal override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse, Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        long rows = (long)layout.Batch * layout.Heads * layout.Queries;
        var delta = Rent(rows);
        long[] numbers = Numbers(layout);
        Each("attention_delta", rows, o, dO, delta, numbers, rows);
        if (!dq.IsNull)
            Groups("attention_queries", rows, q, k, v, lse, delta, dO, dq, numbers, layout.Scale, accumulateQ);
        if (!dk.IsNull || !dv.IsNull)
            Groups("attention_keys", (long)layout.Batch * layout.KeyHeads * layout.Keys, q, k, v, lse, delta, dO, dk, accumulateK, dv, accumulateV, numbers, layout.Scale);
        if (!dSinks.IsNull)
            Groups("attention_sinks", layout.Heads, sinks, lse, delta, dSinks, numbers, accumulateSinks);
        delta.Storage!.Release();
    }

    /// <summary>The struct Layout of attention.cl.</summary>
    private static long[] Numbers(in AttentionLayout l) =>
    [
        l.Batch, l.Heads, l.KeyHeads, l.Queries, l.Keys, l.HeadSize, l.ValueSize, l.Causal ? 1 : 0, l.Window, l.QueryOffset,
        l.Q.Batch, l.Q.Head, l.Q.Row, l.K.Batch, l.K.Head, l.K.Row, l.V.Batch, l.V.Head, l.V.Row, l.O.Batch, l.O.Head, l.O.Row,
    ];
}
