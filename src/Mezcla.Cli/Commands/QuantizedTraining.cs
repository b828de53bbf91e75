using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>What <c>mezcla train --quantize</c> asks for, and its end: rounded weights for good, and what the rounding costs.</summary>
internal static class QuantizedTraining
{
    private const int MostHeldTokens = 16384;

    /// <summary>Refuses what cannot be trained with rounded weights, before there is a model.</summary>
    /// <exception cref="ArgumentException">Names the option.</exception>
    internal static void Require(TrainingSource source, Device device)
    {
        if (source.Quantize is null && source.ActivationBits is not null) throw new ArgumentException("--activation-bits belongs to --quantize.");
        if (source.Quantize is null) return;
        if (device != Device.Cpu) throw new ArgumentException($"--quantize rounds weights on the processor: leave --device {device} out.");
        if (source.ActivationBits is { } bits and not (0 or (>= 2 and <= 8))) throw new ArgumentException($"--activation-bits is {bits}; it must be 2 to 8, or 0 for activations as they are.");
        NumberFormats.Parse(source.Quantize);
    }

    internal static void Finish(IAnsiConsole console, Transformer model, StraightThrough rounding, string format, ReadOnlySpan<int> held)
    {
        held = held[..Math.Min(MostHeldTokens, held.Length)];
        var table = new LayerErrors(withOutputs: false);
        foreach (var (matrix, _, error) in rounding.Errors()) table.Add(matrix.Layer, matrix.Role, format, error, double.NaN);
        table.Write(console);
        var after = Evaluation.PerplexityOf(model, held);
        rounding.Bake();
        rounding.Dispose();
        console.WriteLine(FormattableString.Invariant($"Perplexity on {held.Length:N0} held-out tokens with rounded weights: {after:F3}, as it was trained; {Evaluation.PerplexityOf(model, held):F3} as saved, with activations as floats."));
    }
}
