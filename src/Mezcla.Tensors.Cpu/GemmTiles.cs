using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>The left factor of a tile: element (row, d) is Start[row * RowStride + d *
/// Step]. Rows from Count on read the last one again.</summary>
internal readonly unsafe struct TileLeft(float* start, nint rowStride, nint step, int count)
{
    /// <summary>Distance from one depth to the next.</summary>
    public nint Step => step;

    /// <summary>The start of a row.</summary>
    public float* Row(int row) => start + Math.Min(row, count - 1) * rowStride;
}

/// <summary>Where a tile goes: C = alpha * tile + beta * C + bias, over the rows and columns that exist.</summary>
internal readonly unsafe struct TileTarget(float* start, nint rowStride, int rows, int columns, float alpha, float beta, float* bias)
{
    /// <summary>The first element.</summary>
    public float* Start => start;

    /// <summary>Floats from one row to the next.</summary>
    public nint RowStride => rowStride;

    /// <summary>What the tile is multiplied by.</summary>
    public float Alpha => alpha;

    /// <summary>What is in C is multiplied by this; it is not read where this is 0.</summary>
    public float Beta => beta;

    /// <summary>Added to each row, for the columns from the first on; null for none.</summary>
    public float* Bias => bias;

    /// <summary>Whether a tile of this size lies within C.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsWhole(int height, int width) => rows >= height && columns >= width;

    /// <summary>Finishes sixteen columns of a row that lie within C.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put<L>(int row, int column, L sum) where L : unmanaged, ILanes<L>
    {
        var target = start + row * rowStride + column;
        sum *= L.Of(alpha);
        if (beta != 0)
            sum = L.MultiplyAdd(L.Of(beta), L.Load(target), sum);
        if (bias != null)
            sum += L.Load(bias + column);
        sum.Store(target);
    }

    /// <summary>Finishes the part of a tile that lies within C.</summary>
    public void PutEdge<L>(int height, int width, float* sums) where L : unmanaged, ILanes<L>
    {
        for (var row = 0; row < Math.Min(height, rows); row++)
            for (var column = 0; column < Math.Min(width, columns); column += Lanes.Width)
                PutEdge(row, column, L.Load(sums + row * width + column));
    }

    /// <summary>Finishes those of sixteen columns of a row that lie within C.</summary>
    public void PutEdge<L>(int row, int column, L sum) where L : unmanaged, ILanes<L>
    {
        var present = Math.Min(Lanes.Width, columns - column);
        var target = start + row * rowStride + column;
        sum *= L.Of(alpha);
        if (beta != 0)
            sum = L.MultiplyAdd(L.Of(beta), Lanes.LoadFirst<L>(target, present), sum);
        if (bias != null)
            sum += Lanes.LoadFirst<L>(bias + column, present);
        Lanes.StoreFirst(sum, target, present);
    }
}

/// <summary>
/// The innermost loops of a matrix product: a tile of C, kept in registers, grows by one outer product per depth. Every element is one
/// chain of fused multiply-adds over the depth, in order, whatever the tile, so that all widths give the same bits.
/// </summary>
[SkipLocalsInit]
internal static unsafe class GemmTiles
{
    /// <summary>Eight rows by 32 columns, for 32 registers of 512 bits.</summary>
    [MethodImpl(Lanes.Kernel)]
    public static void Tile8x32<L>(int depth, in TileLeft a, float* b, nint bStep, in TileTarget c) where L : unmanaged, ILanes<L>
    {
        float* a0 = a.Row(0), a1 = a.Row(1), a2 = a.Row(2), a3 = a.Row(3), a4 = a.Row(4), a5 = a.Row(5), a6 = a.Row(6), a7 = a.Row(7);
        var zero = L.Of(0);
        L c0a = zero, c0b = zero, c1a = zero, c1b = zero, c2a = zero, c2b = zero, c3a = zero, c3b = zero, c4a = zero, c4b = zero,
            c5a = zero, c5b = zero, c6a = zero, c6b = zero, c7a = zero, c7b = zero;
        for (nint i = 0, step = a.Step, end = depth * step; i != end; i += step, b += bStep)
        {
            var b0 = L.Load(b);
            var b1 = L.Load(b + 16);
            var x0 = L.Of(a0[i]);
            c0a = L.MultiplyAdd(x0, b0, c0a);
            c0b = L.MultiplyAdd(x0, b1, c0b);
            var x1 = L.Of(a1[i]);
            c1a = L.MultiplyAdd(x1, b0, c1a);
            c1b = L.MultiplyAdd(x1, b1, c1b);
            var x2 = L.Of(a2[i]);
            c2a = L.MultiplyAdd(x2, b0, c2a);
            c2b = L.MultiplyAdd(x2, b1, c2b);
            var x3 = L.Of(a3[i]);
            c3a = L.MultiplyAdd(x3, b0, c3a);
            c3b = L.MultiplyAdd(x3, b1, c3b);
            var x4 = L.Of(a4[i]);
            c4a = L.MultiplyAdd(x4, b0, c4a);
            c4b = L.MultiplyAdd(x4, b1, c4b);
            var x5 = L.Of(a5[i]);
            c5a = L.MultiplyAdd(x5, b0, c5a);
            c5b = L.MultiplyAdd(x5, b1, c5b);
            var x6 = L.Of(a6[i]);
            c6a = L.MultiplyAdd(x6, b0, c6a);
            c6b = L.MultiplyAdd(x6, b1, c6b);
            var x7 = L.Of(a7[i]);
            c7a = L.MultiplyAdd(x7, b0, c7a);
            c7b = L.MultiplyAdd(x7, b1, c7b);
        }
        // No call may happen while the sums are in registers: they would be spilled, in the loop above too. The options are tested once for
        // all sums rather than once for each of the sixteen, which took 2 % of the time of a model with small depths.
        if (c.IsWhole(8, 32))
        {
            var target = c.Start;
            var row = c.RowStride;
            if (c.Alpha != 1)
            {
                var alpha = L.Of(c.Alpha);
                c0a *= alpha;
                c0b *= alpha;
                c1a *= alpha;
                c1b *= alpha;
                c2a *= alpha;
                c2b *= alpha;
                c3a *= alpha;
                c3b *= alpha;
                c4a *= alpha;
                c4b *= alpha;
                c5a *= alpha;
                c5b *= alpha;
                c6a *= alpha;
                c6b *= alpha;
                c7a *= alpha;
                c7b *= alpha;
            }
            if (c.Beta != 0)
            {
                var beta = L.Of(c.Beta);
                c0a = L.MultiplyAdd(beta, L.Load(target), c0a);
                c0b = L.MultiplyAdd(beta, L.Load(target + 16), c0b);
                c1a = L.MultiplyAdd(beta, L.Load(target + row), c1a);
                c1b = L.MultiplyAdd(beta, L.Load(target + row + 16), c1b);
                c2a = L.MultiplyAdd(beta, L.Load(target + 2 * row), c2a);
                c2b = L.MultiplyAdd(beta, L.Load(target + 2 * row + 16), c2b);
                c3a = L.MultiplyAdd(beta, L.Load(target + 3 * row), c3a);
                c3b = L.MultiplyAdd(beta, L.Load(target + 3 * row + 16), c3b);
                c4a = L.MultiplyAdd(beta, L.Load(target + 4 * row), c4a);
                c4b = L.MultiplyAdd(beta, L.Load(target + 4 * row + 16), c4b);
                c5a = L.MultiplyAdd(beta, L.Load(target + 5 * row), c5a);
                c5b = L.MultiplyAdd(beta, L.Load(target + 5 * row + 16), c5b);
                c6a = L.MultiplyAdd(beta, L.Load(target + 6 * row), c6a);
                c6b = L.MultiplyAdd(beta, L.Load(target + 6 * row + 16), c6b);
                c7a = L.MultiplyAdd(beta, L.Load(target + 7 * row), c7a);
                c7b = L.MultiplyAdd(beta, L.Load(target + 7 * row + 16), c7b);
            }
            if (c.Bias != null)
            {
                L left = L.Load(c.Bias), right = L.Load(c.Bias + 16);
                c0a += left;
                c0b += right;
                c1a += left;
                c1b += right;
                c2a += left;
                c2b += right;
                c3a += left;
                c3b += right;
                c4a += left;
                c4b += right;
                c5a += left;
                c5b += right;
                c6a += left;
                c6b += right;
                c7a += left;
                c7b += right;
            }
            c0a.Store(target);
            c0b.Store(target + 16);
            c1a.Store(target + row);
            c1b.Store(target + row + 16);
            c2a.Store(target + 2 * row);
            c2b.Store(target + 2 * row + 16);
            c3a.Store(target + 3 * row);
            c3b.Store(target + 3 * row + 16);
            c4a.Store(target + 4 * row);
            c4b.Store(target + 4 * row + 16);
            c5a.Store(target + 5 * row);
            c5b.Store(target + 5 * row + 16);
            c6a.Store(target + 6 * row);
            c6b.Store(target + 6 * row + 16);
            c7a.Store(target + 7 * row);
            c7b.Store(target + 7 * row + 16);
            return;
        }
        var sums = stackalloc float[8 * 32];
        c0a.Store(sums + 0);
        c0b.Store(sums + 16);
        c1a.Store(sums + 32);
        c1b.Store(sums + 48);
        c2a.Store(sums + 64);
        c2b.Store(sums + 80);
        c3a.Store(sums + 96);
        c3b.Store(sums + 112);
        c4a.Store(sums + 128);
        c4b.Store(sums + 144);
        c5a.Store(sums + 160);
        c5b.Store(sums + 176);
        c6a.Store(sums + 192);
        c6b.Store(sums + 208);
        c7a.Store(sums + 224);
        c7b.Store(sums + 240);
        c.PutEdge<L>(8, 32, sums);
    }

    /// <summary>Six rows by 16 columns, for 16 registers of 256 bits or 32 of 128.</summary>
    [MethodImpl(Lanes.Kernel)]
    public static void Tile6x16<L>(int depth, in TileLeft a, float* b, nint bStep, in TileTarget c) where L : unmanaged, ILanes<L>
    {
        float* a0 = a.Row(0), a1 = a.Row(1), a2 = a.Row(2), a3 = a.Row(3), a4 = a.Row(4), a5 = a.Row(5);
        var zero = L.Of(0);
        L c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero;
        for (nint i = 0, step = a.Step, end = depth * step; i != end; i += step, b += bStep)
        {
            var b0 = L.Load(b);
            var x0 = L.Of(a0[i]);
            c0 = L.MultiplyAdd(x0, b0, c0);
            var x1 = L.Of(a1[i]);
            c1 = L.MultiplyAdd(x1, b0, c1);
            var x2 = L.Of(a2[i]);
            c2 = L.MultiplyAdd(x2, b0, c2);
            var x3 = L.Of(a3[i]);
            c3 = L.MultiplyAdd(x3, b0, c3);
            var x4 = L.Of(a4[i]);
            c4 = L.MultiplyAdd(x4, b0, c4);
            var x5 = L.Of(a5[i]);
            c5 = L.MultiplyAdd(x5, b0, c5);
        }
        // No call may happen while the sums are in registers: they would be spilled, in the loop above too.
        if (c.IsWhole(6, 16))
        {
            c.Put(0, 0, c0);
            c.Put(1, 0, c1);
            c.Put(2, 0, c2);
            c.Put(3, 0, c3);
            c.Put(4, 0, c4);
            c.Put(5, 0, c5);
            return;
        }
        var sums = stackalloc float[6 * 16];
        c0.Store(sums + 0);
        c1.Store(sums + 16);
        c2.Store(sums + 32);
        c3.Store(sums + 48);
        c4.Store(sums + 64);
        c5.Store(sums + 80);
        c.PutEdge<L>(6, 16, sums);
    }
}
