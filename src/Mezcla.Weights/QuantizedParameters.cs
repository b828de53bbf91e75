using Mezcla.Models;
using Mezcla.Quantization;
using Mezcla.Quantization.Layers;

namespace Mezcla.Weights;

/// <summary>The parameters that a model holds as quantized matrices, decoded to floats when they are asked for.</summary>
internal static class QuantizedParameters
{
    public static Dictionary<string, Func<float[]>> Of(Transformer model)
    {
        var parameters = new Dictionary<string, Func<float[]>>();
        foreach (var (name, module) in model.NamedModules())
            if (module is IQuantizedLayer layer)
                parameters.Add(name + ".weight", () => Decode(layer.Matrices));
        return parameters;
    }

    private static float[] Decode(IReadOnlyList<IQuantizedMatrix> matrices)
    {
        int rows = matrices[0].Rows, columns = matrices[0].Columns;
        var values = new float[checked(matrices.Count * rows * columns)];
        Parallel.For(0, matrices.Count * rows, row => matrices[row / rows].ReadRow(row % rows, values.AsSpan(row * columns, columns)));
        return values;
    }
}
