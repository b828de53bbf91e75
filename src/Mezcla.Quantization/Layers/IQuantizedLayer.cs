using Mezcla.Layers;

namespace Mezcla.Quantization.Layers;

/// <summary>A layer with quantized matrices in the place of the parameter <c>weight</c>.</summary>
public interface IQuantizedLayer
{
    /// <summary>The matrices: one, or one for each expert.</summary>
    IReadOnlyList<IQuantizedMatrix> Matrices { get; }
}

/// <summary>What the quantized layers of a model hold together.</summary>
public static class QuantizedLayers
{
    /// <summary>Bytes of all quantized matrices of a module and of those inside it; its float parameters are not counted.</summary>
    public static long QuantizedBytes(this Module module) =>
        module.NamedModules().Sum(m => m.Module is IQuantizedLayer layer ? layer.Matrices.Sum(matrix => matrix.Bytes) : 0);
}
