using Mezcla.Layers;
using Mezcla.Models;

namespace Mezcla.Quantization.Methods;

/// <summary>Models whose weights and activations are both 8-bit integers.</summary>
public static class FrozenInt8
{
    /// <summary>
    /// LLM.int8() (Dettmers et al. 2022): the linear maps of attention and of dense networks become <see cref="Int8Matrix"/>, with the columns in which the calibration text
    /// reaches the threshold kept as halves. Token table, head, routers and experts stay floats.
    /// </summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    /// <param name="calibration">The text that outlier columns are looked for on; others are found while the model runs.</param>
    /// <param name="threshold">The magnitude that makes an outlier.</param>
    /// <returns>Each linear map's name and how many of its columns are outliers.</returns>
    public static IReadOnlyList<(string Name, int Outliers)> LlmInt8(Transformer model, CalibrationText calibration, float threshold = Int8Matrix.OutlierThreshold) =>
        Freeze(model, calibration, threshold, smooth: null);

    /// <summary>SmoothQuant with 8-bit weights and activations (Xiao et al. 2023): smoothed, then the same linear maps frozen without outlier columns.</summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    /// <param name="calibration">The text that the largest inputs are measured on.</param>
    /// <param name="method">Its α.</param>
    public static void SmoothQuant(Transformer model, CalibrationText calibration, SmoothQuant method) => Freeze(model, calibration, float.PositiveInfinity, method);

    /// <summary>Both rounded with neither method: what they are measured against.</summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    public static void Naive(Transformer model) => Freeze(model, null, float.PositiveInfinity, null);

    private static List<(string Name, int Outliers)> Freeze(Transformer model, CalibrationText? calibration, float threshold, SmoothQuant? smooth)
    {
        var matrices = ModelMatrix.Of(model);
        var frozen = new List<(string, int)>();
        LayerWalk.Run(model, calibration, (block, statistics) =>
        {
            if (block < 0) return;
            var own = matrices.Where(m => m.Layer == block).ToList();
            if (smooth is not null)
                smooth.Prepare(ScaleFolding.Of(model.Config, model.Blocks[block], own).Select(f => (f, PostTraining.Inputs(f.Consumers, statistics))), m => Freezable(m) ? Formats.NumberFormats.Q8_0 : null);
            foreach (var matrix in own.Where(Freezable))
            {
                var outliers = statistics.TryGetValue(matrix.Name, out var inputs) ? Enumerable.Range(0, matrix.Columns).Where(j => inputs.Largest[j] >= threshold).ToList() : [];
                ((Linear)matrix.Owner).Freeze(new Int8Matrix(matrix.Rows, matrix.Columns, matrix.Read(), threshold, outliers));
                frozen.Add((matrix.Name, outliers.Count));
            }
        }, matrices);
        return frozen;

        // Latent attention multiplies with its up-projections in ways of its own.
        static bool Freezable(ModelMatrix m) => m.Role is MatrixRole.Attention or MatrixRole.Network && m.Owner is Linear
            && !m.Name.Contains(".key_up.", StringComparison.Ordinal) && !m.Name.Contains(".value_up.", StringComparison.Ordinal);
    }
}
