using Mezcla.Quantization.Methods;

namespace Mezcla.Quantization.Pruning;

/// <summary>
/// SparseGPT (Frantar and Alistarh 2023, algorithm 1): goes through the columns as GPTQ does. When a block of columns begins, its weights
/// with the smallest w²/U_jj² are chosen for removal, and the weights of later columns are adjusted to compensate.
/// </summary>
public sealed record SparseGpt : PruningMethod
{
    /// <inheritdoc/>
    public override string Name => "sparsegpt";

    /// <inheritdoc/>
    public override bool NeedsCalibration => true;

    /// <summary>The damping λ as a fraction of the mean of the Hessian's diagonal.</summary>
    public double Damping { get; init; } = 0.01;

    /// <summary>The number of columns for which the weights to remove are chosen at once.</summary>
    public int Block { get; init; } = 128;

    internal override bool[] Choose(ModelMatrix matrix, float[] weights, InputStatistics? inputs, PruningPattern pattern)
    {
        var columns = matrix.Columns;
        var keep = new bool[weights.Length];
        var walk = ErrorSpreading.From(inputs!, Damping, [.. Enumerable.Range(0, columns)]);
        // The paper lets all rows of a block compete; here each row has its own share, as with Wanda, so that rows are independent.
        walk.Run(weights, Block, (row, start, end, w) =>
        {
            var scores = new float[end - start];
            for (var j = start; j < end; j++)
            {
                var ratio = w[row * columns + j] / walk.Diagonal(j);
                scores[j - start] = ratio * ratio;
            }
            pattern.Mark(scores, keep.AsSpan(row * columns + start, end - start));
        }, (row, column, w) => keep[row * columns + column] ? w[column] : 0);
        return keep;
    }
}
