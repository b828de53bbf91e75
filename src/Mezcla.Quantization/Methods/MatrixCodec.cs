using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// How a matrix is written in a format: row by row, so that a format with one scale for everything it encodes has one scale per row ("per
/// channel"). Ternary and NF4
/// with double quantization have constants for a whole tensor, and if the length of a row is not
/// a multiple of the block size, blocks continue across the ends of rows.
/// </summary>
public static class MatrixCodec
{
    /// <summary>Whether each row is encoded by itself.</summary>
    public static bool ByRow(NumberFormat format, int columns) =>
        format is not (Ternary or Nf4) && (format is not BlockFormat block || columns % block.BlockSize == 0);

    /// <summary>Encodes.</summary>
    /// <exception cref="ArgumentException">The format cannot hold the matrix or one of its numbers.</exception>
    public static byte[] Encode(NumberFormat format, int rows, int columns, ReadOnlySpan<float> values, string name)
    {
        if (!ByRow(format, columns))
            return format.Encode(values, name);
        var rowBytes = (int)format.BytesFor(columns);
        var bytes = new byte[checked(rows * rowBytes)];
        for (var row = 0; row < rows; row++)
            format.Encode(values.Slice(row * columns, columns), bytes.AsSpan(row * rowBytes, rowBytes), name);
        return bytes;
    }

    /// <summary>Decodes.</summary>
    public static float[] Decode(NumberFormat format, int rows, int columns, ReadOnlySpan<byte> bytes)
    {
        if (!ByRow(format, columns))
            return format.Decode(bytes, rows * columns);
        var rowBytes = (int)format.BytesFor(columns);
        var values = new float[rows * columns];
        for (var row = 0; row < rows; row++)
            format.Decode(bytes.Slice(row * rowBytes, rowBytes), values.AsSpan(row * columns, columns));
        return values;
    }

    /// <summary>Encodes and decodes, which gives the rounded numbers.</summary>
    public static float[] Round(NumberFormat format, int rows, int columns, ReadOnlySpan<float> values, string name) =>
        Decode(format, rows, columns, Encode(format, rows, columns, values, name));
}
