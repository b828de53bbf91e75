using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// SmoothQuant (Xiao et al. 2023, eq. 4): when activations are rounded too, part of the difficulty of their outliers is moved into the
/// weights, with s_j = max|X_j|^α / max|W_j|^(1−α), inputs are divided by s and columns multiplied by it. Then both are rounded to 8-bit
/// integers (<see cref="Int8Matrix"/>).
/// </summary>
public sealed record SmoothQuant : QuantizationMethod
{
    /// <inheritdoc/>
    public override string Name => "smoothquant";

    /// <summary>α: 0 leaves all difficulty with the activations, 1 moves all of it to the weights.</summary>
    public float Alpha { get; init; } = 0.5f;

    /// <inheritdoc/>
    public override byte[] Quantize(MatrixProblem problem) => new RoundToNearest().Quantize(problem);

    /// <inheritdoc/>
    internal override void Prepare(IEnumerable<(ScaleFolding Folding, InputStatistics Inputs)> block,
        Func<ModelMatrix, NumberFormat?> format)
    {
        foreach (var (folding, inputs) in block)
        {
            if (inputs.Count == 0)
                continue;
            var largest = new float[inputs.Columns];
            foreach (var matrix in folding.Consumers.Where(m => format(m) is not null))
            {
                var weights = matrix.Read();
                for (var i = 0; i < weights.Length; i++)
                    largest[i % largest.Length] = Math.Max(largest[i % largest.Length], MathF.Abs(weights[i]));
            }
            folding.Apply(Scales(inputs.Largest, largest, Alpha));
        }
    }

    /// <summary>s_j; 1 for a column where inputs or weights are all zero.</summary>
    internal static float[] Scales(IReadOnlyList<float> inputs, IReadOnlyList<float> weights, float alpha) =>
        [
            .. inputs.Select(
                (x, j) => x > 0 && weights[j] > 0 ? Math.Clamp(MathF.Pow(x, alpha) / MathF.Pow(weights[j], 1 - alpha), 1e-5f, 1e5f) : 1)];
}
