using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

/// <summary>A quantized matrix [rows, columns] in the packing of quantized.cl: which codes and scales, by their numbers there, and their sizes.</summary>
internal readonly record struct QuantizedLayout(int Codes, int CodeBytes, int Scales, int ScaleBytes, int SuperBlocks, int Zero, float Factor, int Rows, int Columns);

// What no operation of tensors does: products with matrices that another library keeps quantized.
internal sealed unsafe partial class OpenClKernels
{
    // From so many rows on it pays to decode the matrix once.
    private const int ManyTokens = 32;

    /// <summary>
    /// y[i, first..first + rows] = W·x[i], y with <paramref name="stride"/> columns, for i in 0..tokens or, where there are offsets, from offsets[number] to offsets[number + 1].
    /// </summary>
    internal void QuantizedProduct(in QuantizedLayout w, Handle codes, Handle scales, Handle x, Handle offsets, int number, Handle y, long tokens, long first, long stride)
    {
        if (offsets.IsNull && tokens >= ManyTokens && stride == w.Rows)
        {
            var decoded = Rent((long)w.Rows * w.Columns);
            QuantizedRows(w, codes, scales, default, decoded, w.Rows, 0, default);
            MatMul(new Product(1, checked((int)tokens), w.Rows, w.Columns, false, true, 0, 0, 0), x, decoded, default, y, accumulate: false);
            decoded.Storage!.Release();
            return;
        }
        Groups("quantized_product", (w.Rows + 15L) / 16 * ((tokens + 3) / 4), x, codes, (long)w.Codes, w.CodeBytes / 4L, scales, (long)w.Scales, (long)w.ScaleBytes, (long)w.SuperBlocks, (float)w.Zero, w.Factor,
            offsets, (long)number, y, tokens, (long)w.Rows, (long)w.Columns, first, stride);
    }

    /// <summary>y[i, :] = row ids[i] - first of W, as floats, where it has this row; without ids its first rows.</summary>
    internal void QuantizedRows(in QuantizedLayout w, Handle codes, Handle scales, Handle ids, Handle y, long count, long first, in IndexCheck check)
        => Each("quantized_rows", count * (w.Columns / 4), codes, (long)w.Codes, w.CodeBytes / 4L, scales, (long)w.Scales, (long)w.ScaleBytes, (long)w.SuperBlocks, (float)w.Zero, w.Factor,
            ids, y, count, (long)w.Rows, (long)w.Columns, first, check.Limit, Record, Number(check));
}
