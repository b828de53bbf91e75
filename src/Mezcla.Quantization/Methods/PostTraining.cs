using Mezcla.Models;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>How one matrix was quantized, and the error this makes.</summary>
/// <param name="Matrix">The matrix.</param>
/// <param name="Format">The format it was written in.</param>
/// <param name="Encoded">Its bytes, as <see cref="MatrixCodec"/> reads them.</param>
/// <param name="WeightError">Root of the mean squared difference of the weights, relative to their root mean square.</param>
/// <param name="OutputError">The same of the outputs on the calibration text; NaN
/// without one, or for an expert that no token chose.</param>
public sealed record MatrixResult(ModelMatrix Matrix, NumberFormat Format, byte[] Encoded, double WeightError, double OutputError);

/// <summary>Quantizes a trained model, block after block; each block is calibrated on the outputs of the already quantized blocks before
/// it.</summary>
public static class PostTraining
{
    /// <summary>
    /// Quantizes the matrices of a model in place: afterwards its float weights are the decoded
    /// ones, so that it can be evaluated, and the bytes are in the results.
    /// </summary>
    /// <param name="model">A model on the CPU.</param>
    /// <param name="method">The method; matrices that it cannot write in their format, and the token table, are rounded to nearest.</param>
    /// <param name="format">The format of each matrix; null leaves it as it is.</param>
    /// <param name="calibration">The text that inputs are observed on; null where the
    /// method needs none, and then outputs' errors are not known.</param>
    /// <param name="done">Called after each matrix.</param>
    /// <param name="cancellation">Stops between two matrices.</param>
    /// <exception cref="ArgumentException">The method needs calibration and there is
    /// none, or a number cannot be written in its format.</exception>
    public static IReadOnlyList<MatrixResult> Quantize(
        Transformer model, QuantizationMethod method, Func<ModelMatrix, NumberFormat?> format, CalibrationText? calibration = null,
        Action<MatrixResult>? done = null, CancellationToken cancellation = default)
    {
        if (method.NeedsCalibration && calibration is null)
            throw new ArgumentException($"The method {method} needs the inputs of each matrix: give it a text to calibrate on.",
                nameof(calibration));
        var matrices = ModelMatrix.Of(model);
        var results = new List<MatrixResult>();
        LayerWalk.Run(model, calibration, (block, statistics) =>
        {
            var own = matrices.Where(m => m.Layer == block && (block >= 0 || m.Role == MatrixRole.Head)).ToList();
            if (block >= 0 && statistics.Count > 0)
                ScaleFolding.Prepare(method, ScaleFolding.Of(model.Config, model.Blocks[block], own), statistics, format);
            foreach (var matrix in own)
                Quantize(matrix, method, statistics.GetValueOrDefault(matrix.Name));
        }, matrices);
        foreach (var matrix in matrices.Where(m => m.Role == MatrixRole.Embedding))
            Quantize(matrix, new RoundToNearest(), null);
        return results;

        void Quantize(ModelMatrix matrix, QuantizationMethod how, InputStatistics? inputs)
        {
            cancellation.ThrowIfCancellationRequested();
            if (format(matrix) is not { } number)
                return;
            if (!how.Supports(number, matrix.Columns))
                how = new RoundToNearest();
            var weights = matrix.Read();
            var encoded = how.Quantize(new(matrix.Name, matrix.Rows, matrix.Columns, weights, number, inputs));
            var decoded = MatrixCodec.Decode(number, matrix.Rows, matrix.Columns, encoded);
            matrix.Write(decoded);
            var result = Compare(matrix, number, encoded, weights, decoded, inputs);
            results.Add(result);
            done?.Invoke(result);
        }
    }

    /// <summary>The statistics of matrices that share their inputs, taken from the matrix that saw the most
    /// tokens: a router or a projection sees all tokens, an expert only its own.</summary>
    internal static InputStatistics Inputs(IReadOnlyList<ModelMatrix> consumers, IReadOnlyDictionary<string, InputStatistics> statistics) =>
        consumers.Select(c => statistics[c.Name]).MaxBy(s => s.Count)!;

    private static MatrixResult Compare(ModelMatrix matrix, NumberFormat format, byte[] encoded, float[] weights, float[] decoded,
        InputStatistics? inputs)
    {
        var difference = new float[weights.Length];
        for (var i = 0; i < weights.Length; i++)
            difference[i] = decoded[i] - weights[i];
        var outputs = inputs is { Count: > 0 }
            ? Math.Sqrt(inputs.SquaredError(difference) / Math.Max(double.Epsilon, inputs.SquaredError(weights))) : double.NaN;
        return new(matrix, format, encoded, WeightError(weights, decoded), outputs);
    }

    /// <summary>Root of the mean squared difference between weights and what they were
    /// rounded to, relative to the weights' root mean square.</summary>
    internal static double WeightError(ReadOnlySpan<float> weights, ReadOnlySpan<float> rounded)
    {
        double error = 0, power = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            var difference = rounded[i] - weights[i];
            error += (double)difference * difference;
            power += (double)weights[i] * weights[i];
        }
        return Math.Sqrt(error / Math.Max(double.Epsilon, power));
    }
}
