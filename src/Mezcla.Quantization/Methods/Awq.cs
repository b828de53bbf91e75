using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// AWQ (Lin et al. 2023, section 3.2): before rounding to nearest, columns with large inputs are multiplied by s_j = mean|X_j|^r (divided
/// by √(max·min)) and their inputs divided by it. The exponent r is taken from a grid on [0, 1) such that the output error is smallest.
/// With <see cref="Clip"/> each group's largest magnitudes are then clipped where that lowers the output error further, as in the authors'
/// program.
/// </summary>
public sealed record Awq : QuantizationMethod
{
    /// <inheritdoc/>
    public override string Name => Clip ? "awq-clip" : "awq";

    /// <summary>Exponents that are tried.</summary>
    public int GridPoints { get; init; } = 20;

    /// <summary>Whether ranges are clipped too. Formats without groups of columns (ternary, NF4) are never clipped.</summary>
    public bool Clip { get; init; }

    /// <summary>Ranges that are tried: all of a group's, and as many smaller ones, evenly down to half of it.</summary>
    public int ClipSteps { get; init; } = 10;

    /// <inheritdoc/>
    public override bool Supports(NumberFormat format, int columns) => !Clip || Clipping.Unit(format, columns) is not null;

    /// <inheritdoc/>
    public override byte[] Quantize(MatrixProblem problem) => Clip
        ? Clipping.Search(problem, ClipSteps)
        : new RoundToNearest().Quantize(problem);

    /// <inheritdoc/>
    internal override void Prepare(IEnumerable<(ScaleFolding Folding, InputStatistics Inputs)> block,
        Func<ModelMatrix, NumberFormat?> format)
    {
        foreach (var (folding, inputs) in block)
        {
            var quantized = folding.Consumers.Where(m => format(m) is not null).ToList();
            if (inputs.Count == 0 || quantized.Count == 0)
                continue;
            var candidates = Enumerable.Range(0, GridPoints).Select(i => Scales(inputs.MeanMagnitudes(), (float)i / GridPoints)).ToList();
            folding.Apply(candidates.AsParallel().AsOrdered()
                .Select(s => (Scales: s, Error: quantized.Sum(m => Error(m, format(m)!, inputs, s)))).MinBy(c => c.Error).Scales);
        }
    }

    /// <summary>s_j for an exponent.</summary>
    internal static float[] Scales(ReadOnlySpan<float> means, float exponent)
    {
        var scales = new float[means.Length];
        float largest = 0, smallest = float.MaxValue;
        for (var j = 0; j < scales.Length; j++)
        {
            scales[j] = MathF.Max(MathF.Pow(means[j], exponent), 1e-4f);
            (largest, smallest) = (Math.Max(largest, scales[j]), Math.Min(smallest, scales[j]));
        }
        var middle = MathF.Sqrt(largest * smallest);
        for (var j = 0; j < scales.Length; j++)
            scales[j] /= middle;
        return scales;
    }

    private static double Error(ModelMatrix matrix, NumberFormat format, InputStatistics inputs, float[] scales)
    {
        var weights = matrix.Read();
        var rounded = MatrixCodec.Round(format, matrix.Rows, matrix.Columns, ScaleFolding.Scaled((float[])weights.Clone(), scales),
            matrix.Name);
        for (var i = 0; i < rounded.Length; i++)
            rounded[i] = rounded[i] / scales[i % scales.Length] - weights[i];
        return inputs.SquaredError(rounded);
    }
}
