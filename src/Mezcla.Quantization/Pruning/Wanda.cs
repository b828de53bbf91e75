using Mezcla.Quantization.Methods;

namespace Mezcla.Quantization.Pruning;

/// <summary>Wanda (Sun et al. 2023, eq. 1): removes the weights with the smallest |W_ij|·‖X_j‖₂ of each row and leaves the others
/// unchanged.</summary>
public sealed record Wanda : PruningMethod
{
    /// <inheritdoc/>
    public override string Name => "wanda";

    /// <inheritdoc/>
    public override bool NeedsCalibration => true;

    internal override bool[] Choose(ModelMatrix matrix, float[] weights, InputStatistics? inputs, PruningPattern pattern)
    {
        var norms = inputs!.Count > 0 ? inputs.Norms() : null; // an expert that no token chose is pruned by magnitude
        var keep = new bool[weights.Length];
        var scores = new float[matrix.Columns];
        for (var row = 0; row < matrix.Rows; row++)
        {
            for (var j = 0; j < scores.Length; j++)
                scores[j] = MathF.Abs(weights[row * scores.Length + j]) * (norms?[j] ?? 1);
            pattern.Mark(scores, keep.AsSpan(row * scores.Length, scores.Length));
        }
        return keep;
    }
}
