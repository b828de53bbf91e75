using System.Numerics.Tensors;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Layers;

namespace Mezcla.Quantization.Methods;

/// <summary>How one linear map was quantized to 8-bit weights and inputs, and the error this makes.</summary>
/// <param name="Name">The weight's name.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">The number of its block.</param>
/// <param name="Outliers">Columns whose weights are kept as halves.</param>
/// <param name="OutputError">Root of the mean squared difference of the outputs, relative to their root mean square, on the
/// first <see cref="InputStatistics.SampleRows"/> tokens of the calibration text; NaN without one.</param>
public sealed record Int8Result(string Name, MatrixRole Role, int Layer, int Outliers, double OutputError);

/// <summary>Models whose weights and activations are both 8-bit integers.</summary>
public static class Int8Quantization
{
    /// <summary>
    /// LLM.int8() (Dettmers et al. 2022): the linear maps of attention and of dense networks become products with an
    /// <see cref="Int8Matrix"/>, with the columns in which the calibration text reaches the
    /// threshold kept as halves. Token table, head, routers and experts stay floats.
    /// </summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    /// <param name="calibration">The text that outlier columns are looked for on; others are found while the model runs.</param>
    /// <param name="threshold">The magnitude that makes an outlier.</param>
    /// <param name="done">Called after each linear map.</param>
    public static IReadOnlyList<Int8Result> LlmInt8(Transformer model, CalibrationText calibration,
        float threshold = Int8Matrix.OutlierThreshold, Action<Int8Result>? done = null) =>
        Quantize(model, calibration, threshold, null, done);

    /// <summary>SmoothQuant with 8-bit weights and activations (Xiao et al. 2023): smoothed, then
    /// the same linear maps quantized without outlier columns.</summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    /// <param name="calibration">The text that the largest inputs are measured on.</param>
    /// <param name="method">Its α.</param>
    /// <param name="done">Called after each linear map.</param>
    public static IReadOnlyList<Int8Result> SmoothQuant(Transformer model, CalibrationText calibration, SmoothQuant method,
        Action<Int8Result>? done = null) =>
        Quantize(model, calibration, float.PositiveInfinity, method, done);

    /// <summary>Weights and activations rounded to 8 bits with neither method: the baseline for both.</summary>
    /// <param name="model">A model on the CPU; it can no longer be trained afterwards.</param>
    /// <param name="calibration">The text that errors of outputs are measured on; null for none.</param>
    /// <param name="done">Called after each linear map.</param>
    public static IReadOnlyList<Int8Result> Naive(Transformer model, CalibrationText? calibration = null,
        Action<Int8Result>? done = null) =>
        Quantize(model, calibration, float.PositiveInfinity, null, done);

    /// <summary>How many matrices of a model these methods quantize.</summary>
    public static int Count(Transformer model) => ModelMatrix.Of(model).Count(CanQuantize);

    private static List<Int8Result> Quantize(Transformer model, CalibrationText? calibration, float threshold, SmoothQuant? smooth,
        Action<Int8Result>? done)
    {
        var matrices = ModelMatrix.Of(model);
        var quantized = new List<Int8Result>();
        LayerWalk.Run(model, calibration, (block, statistics) =>
        {
            if (block < 0)
                return;
            var own = matrices.Where(m => m.Layer == block).ToList();
            if (smooth is not null)
                ScaleFolding.Prepare(smooth, ScaleFolding.Of(model.Config, model.Blocks[block], own), statistics,
                    m => CanQuantize(m) ? Formats.NumberFormats.Q8_0 : null);
            foreach (var matrix in own.Where(CanQuantize))
            {
                var outliers = statistics.TryGetValue(matrix.Name, out var inputs)
                    ? Enumerable.Range(0, matrix.Columns).Where(j => inputs.Largest[j] >= threshold).ToList() : [];
                var weights = matrix.Read();
                var integers = new Int8Matrix(matrix.Rows, matrix.Columns, weights, threshold, outliers);
                var linear = (Linear)matrix.Owner;
                model.Replace(matrix.OwnerName, new QuantizedLinear(integers, linear.Bias));
                linear.Weight.Dispose();
                quantized.Add(new(matrix.Name, matrix.Role, block, outliers.Count, OutputError(integers, weights, inputs)));
                done?.Invoke(quantized[^1]);
            }
        }, matrices);
        return quantized;
    }

    // Latent attention multiplies with the weights of its up-projections directly, so these must stay floats.
    private static bool CanQuantize(ModelMatrix m) => m.Role is MatrixRole.Attention or MatrixRole.Network && m.Owner is Linear
        && !m.Name.Contains(".key_up.", StringComparison.Ordinal) && !m.Name.Contains(".value_up.", StringComparison.Ordinal);

    private static double OutputError(Int8Matrix integers, float[] weights, InputStatistics? inputs)
    {
        if (inputs is not { Count: > 0 })
            return double.NaN;
        double error = 0, power = 0;
        var y = new float[integers.Rows];
        foreach (var x in inputs.Sample)
        {
            integers.Multiply(x, y);
            for (var row = 0; row < y.Length; row++)
            {
                double exact = TensorPrimitives.Dot(weights.AsSpan(row * x.Length, x.Length), x);
                error += (y[row] - exact) * (y[row] - exact);
                power += exact * exact;
            }
        }
        return Math.Sqrt(error / Math.Max(double.Epsilon, power));
    }
}
