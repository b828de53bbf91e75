using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// The part that the forward and backward passes of attention share: blocks of <see cref="QueryBlock"/> queries against blocks of
/// <see cref="KeyBlock"/>
/// keys, whose scores stay in the caches and are never written out (Dao et al.,
/// arXiv:2205.14135). A block of keys is skipped if the mask hides it from all queries of the block.
/// </summary>
internal static unsafe class AttentionTiles
{
    /// <summary>Queries worked on together. Fewer waste less on the diagonal of a causal mask, more share each load of a key.</summary>
    public const int QueryBlock = 32;

    /// <summary>Keys worked on together, a multiple of all tile widths.</summary>
    public const int KeyBlock = 256;

    /// <summary>The keys, first and beyond the last, that a query sees.</summary>
    [MethodImpl(Lanes.Inline)]
    public static (int From, int To) Visible(in AttentionLayout layout, int query)
    {
        var position = layout.QueryOffset + query;
        var from = layout.Window > 0 ? Math.Max(0, position - layout.Window + 1) : 0;
        var to = layout.Causal ? Math.Min(layout.Keys, position + 1) : layout.Keys;
        return (Math.Min(from, Math.Max(to, 0)), Math.Max(to, 0));
    }

    /// <summary>The keys that any of some queries sees, from a multiple of <see cref="KeyBlock"/> on.</summary>
    public static (int From, int To) Visible(in AttentionLayout layout, int query, int count)
    {
        var (from, to) = (Visible(layout, query).From, Visible(layout, query + count - 1).To);
        return (from / KeyBlock * KeyBlock, to);
    }

    /// <summary>The places of a row of scores, from one multiple of the lanes to another, that hold
    /// those from <paramref name="from"/> to <paramref name="to"/>.</summary>
    [MethodImpl(Lanes.Inline)]
    public static (int Start, int End) WholeLanes(int from, int to) =>
    (from / Lanes.Width * Lanes.Width, (to + Lanes.Width - 1) / Lanes.Width * Lanes.Width);

    /// <summary>In a row of <paramref name="keys"/> scores, sets those outside <paramref name="start"/> to <paramref name="end"/> to
    /// 0.</summary>
    [MethodImpl(Lanes.Inline)]
    public static void ClearOutside(float* scores, int start, int end, int keys)
    {
        if (start > 0)
            new Span<float>(scores, start).Clear();
        if (end < keys)
            new Span<float>(scores + end, keys - end).Clear();
    }

    /// <summary>The start of a row of one head.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float* Row(float* start, in HeadStrides strides, int batch, int head, int row) =>
        start + batch * strides.Batch + head * strides.Head + row * strides.Row;

    /// <summary>Floats that rows of one head take when packed as columns of a right factor.</summary>
    public static long PanelFloats<L>(int rows, int size) where L : unmanaged, ILanes<L>
    {
        var width = TileGrid.StripColumns<L>();
        return (long)(rows + width - 1) / width * width * size;
    }

    /// <summary>scores[i, j] = factor * rows[i] · panel column j, for columns first to first + columns of packed panels.</summary>
    public static void Scores<L>(float* rows, nint stride, int count, float* panels, int first, int columns, int size, float factor,
        float* scores)
        where L : unmanaged, ILanes<L>
    {
        var width = TileGrid.StripColumns<L>();
        var product = new MatrixProduct(false, false, count, columns, size, factor, rows, stride, panels + (nint)first * size, width, 0,
            scores, KeyBlock);
        new TileGrid(product) { BStep = width, BStrip = (nint)width * size }.Run<L>();
    }
}
