using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// Searches for clipped ranges. A few large weights widen the rounding step of all weights that share a scale with them, so for each group
/// of each row several smaller ranges are tried, each a fraction of the largest magnitude. The range with the smallest output error is
/// kept, where the error is measured as if all other columns stayed unchanged.
/// </summary>
internal static class Clipping
{
    /// <summary>Rounds a matrix to nearest with the best ranges. A row whose outputs would
    /// get a larger error from clipping keeps its full ranges.</summary>
    /// <param name="problem">The matrix, with the statistics of its inputs.</param>
    /// <param name="steps">Smaller ranges to try, evenly down to half.</param>
    public static byte[] Search(MatrixProblem problem, int steps)
    {
        var (rows, columns, format) = (problem.Rows, problem.Columns, problem.Format);
        var nearest = new RoundToNearest().Quantize(problem);
        if (problem.Inputs is not { Count: > 0 } inputs || Unit(format, columns) is not { } unit)
            return nearest;
        var (units, unitBytes) = (columns / unit, nearest.Length / rows / (columns / unit));
        var (encoded, whole) = ((byte[])nearest.Clone(), Difference(problem, nearest));
        var best = Errors(whole);
        for (var step = 1; step <= steps; step++)
        {
            var bytes = MatrixCodec.Encode(format, rows, columns, Cut(problem.Weights, unit, 1 - 0.5f * step / steps), problem.Name);
            var errors = Errors(Difference(problem, bytes));
            for (var i = 0; i < errors.Length; i++)
            {
                if (errors[i] >= best[i])
                    continue;
                best[i] = errors[i];
                bytes.AsSpan(i * unitBytes, unitBytes).CopyTo(encoded.AsSpan(i * unitBytes));
            }
        }
        // The inputs of different groups correlate, so the best choice for each group alone need not be the best for the row.
        var (before, after) = (inputs.RowErrors(whole, 0, columns), inputs.RowErrors(Difference(problem, encoded), 0, columns));
        var rowBytes = nearest.Length / rows;
        for (var row = 0; row < rows; row++)
            if (after[row] > before[row])
                nearest.AsSpan(row * rowBytes, rowBytes).CopyTo(encoded.AsSpan(row * rowBytes));
        return encoded;

        // Row after row, each group's.
        double[] Errors(float[] difference)
        {
            var errors = new double[rows * units];
            for (var u = 0; u < units; u++)
            {
                var own = inputs.RowErrors(difference, u * unit, unit);
                for (var row = 0; row < rows; row++)
                    errors[row * units + u] = own[row];
            }
            return errors;
        }
    }

    /// <summary>The number of columns that share a range, or null for a format without such groups.</summary>
    public static int? Unit(NumberFormat format, int columns) => !MatrixCodec.ByRow(format, columns) ? null : format switch
    {
        FloatFormat => null, // no range to choose
        BlockFormat block => block.BlockSize,
        IntegerFormat { Group: > 0 } integer => columns % integer.Group == 0 ? integer.Group : null,
        IntegerFormat => columns,
        _ => null,
    };

    private static float[] Difference(MatrixProblem problem, byte[] encoded)
    {
        var decoded = MatrixCodec.Decode(problem.Format, problem.Rows, problem.Columns, encoded);
        for (var i = 0; i < decoded.Length; i++)
            decoded[i] -= problem.Weights[i];
        return decoded;
    }

    private static float[] Cut(float[] weights, int unit, float share)
    {
        var cut = (float[])weights.Clone();
        for (var at = 0; at < cut.Length; at += unit)
        {
            var group = cut.AsSpan(at, unit);
            var largest = 0f;
            foreach (var w in group)
                largest = Math.Max(largest, MathF.Abs(w));
            foreach (ref var w in group)
                w = Math.Clamp(w, -share * largest, share * largest);
        }
        return cut;
    }
}
