using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>The end of <c>mezcla train --quantize</c>: rounded weights for good, and what the rounding costs.</summary>
internal static class QuantizedTraining
{
    private const int MostHeldTokens = 16384;

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
