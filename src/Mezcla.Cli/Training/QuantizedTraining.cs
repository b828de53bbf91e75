using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Training;

/// <summary>Quantization-aware training, <c>mezcla train --quantize</c>: checks its options, and at the end
/// replaces the weights by the rounded ones and reports what that costs.</summary>
internal static class QuantizedTraining
{
    private const int MostHeldOutTokens = 16384;

    /// <summary>Checks, before a model is built, that the training can use rounded weights.</summary>
    /// <exception cref="ArgumentException">An option does not fit; the message names it.</exception>
    internal static void Require(TrainingSource source, Device device)
    {
        if (source.Quantize is null && source.ActivationBits is not null)
            throw new ArgumentException("--activation-bits belongs to --quantize: it has no effect without it.");
        if (source.Quantize is null)
            return;
        if (device != Device.Cpu)
            throw new ArgumentException($"--quantize works only on the CPU: choose it by --device cpu, instead of {device}.");
        if (source.ActivationBits is { } bits and not (0 or (>= 2 and <= 8)))
            throw new ArgumentException($"--activation-bits is {bits}; it must be 2 to 8, or 0 to leave activations unrounded.");
        NumberFormats.Parse(source.Quantize);
    }

    /// <summary>Replaces the weights of a trained model by the rounded ones, and prints the rounding
    /// errors and the perplexity with and without rounded activations.</summary>
    /// <param name="console">Where to print.</param>
    /// <param name="model">The trained model.</param>
    /// <param name="rounding">The rounding that it was trained with.</param>
    /// <param name="format">The number format, as it was named.</param>
    /// <param name="heldOut">Token ids that perplexity is measured on; at most the first 16,384 are used.</param>
    internal static void Finish(IAnsiConsole console, Transformer model, StraightThrough rounding, string format, ReadOnlySpan<int> heldOut)
    {
        heldOut = heldOut[..Math.Min(MostHeldOutTokens, heldOut.Length)];
        var table = new LayerErrorTable(withOutputs: false);
        foreach (var (matrix, _, error) in rounding.Errors())
            table.Add(matrix.Layer, matrix.Role, format, error, double.NaN);
        table.Write(console);
        var asTrained = Evaluation.PerplexityOf(model, heldOut);
        rounding.Bake();
        rounding.Dispose();
        console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"Perplexity on {heldOut.Length:N0} held-out tokens with rounded weights: {asTrained:F3} with activations as in " +
                    $"training; {Evaluation.PerplexityOf(model, heldOut):F3} with unrounded activations, as the model is saved."));
    }
}
