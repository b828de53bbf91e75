using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Weights.Gguf;

namespace Mezcla.Weights;

/// <summary>Connects quantization methods, which work on our matrices, with GGUF files, whose tensors are parts of these
/// matrices.</summary>
public static class GgufPlan
{
    /// <summary>
    /// The format that a mix gives each of our matrices. The result is null for a matrix whose tensors in the file get different formats or
    /// none; the writer then rounds it to nearest.
    /// </summary>
    /// <exception cref="NotSupportedException">GGUF cannot hold a model of this shape.</exception>
    public static Func<ModelMatrix, NumberFormat?> Formats(TransformerConfig config, QuantizationMix mix)
    {
        var map = GgufNames.For(config);
        var formats = map.Recipes.ToDictionary(r => r.Name, r =>
        {
            var distinct = r.Parts.Select(p => mix.FormatOf(config, p.Source, map.Sources[p.Source])).Distinct().ToList();
            return distinct is [var one] && one is not FloatFormat && one.BlockSize > 1 ? one : null;
        });
        return matrix => formats.GetValueOrDefault(Parameter(matrix));
    }

    /// <summary>The bytes of our parameters as a method chose them, for
    /// <see cref="ModelWriter.WriteGguf"/>: null for parameters that the method did not quantize.</summary>
    public static Func<string, BlockFormat, byte[]?> Encoded(IEnumerable<MatrixResult> results)
    {
        var byParameter = results.GroupBy(r => Parameter(r.Matrix)).ToDictionary(g => g.Key, g => g.OrderBy(r => r.Matrix.Expert).ToList());
        return (name, format) => byParameter.TryGetValue(name, out var parts)
            && parts.All(p => p.Format == format && MatrixCodec.ByRow(format, p.Matrix.Columns))
            ? parts.SelectMany(p => p.Encoded).ToArray()
            : null;
    }

    private static string Parameter(ModelMatrix matrix) => matrix.Expert < 0 ? matrix.Name : matrix.Name[..matrix.Name.LastIndexOf('[')];
}
