using Mezcla.MixtureOfExperts;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Layers;

/// <summary>One linear map for each expert, each with a quantized matrix. Gradients cannot pass through it.</summary>
/// <param name="matrices">One for each expert, all of one shape; the layer owns them from then on.</param>
/// <param name="bias">b [E, outputs], or null.</param>
public sealed class QuantizedGroupedLinear(IReadOnlyList<IQuantizedMatrix> matrices, Tensor? bias)
    : GroupedLinear(null, bias), IQuantizedLayer
{
    /// <inheritdoc/>
    public IReadOnlyList<IQuantizedMatrix> Matrices { get; } = matrices;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, Tensor experts, Tensor offsets) => AddBias(Matrices.ApplyGrouped(x, offsets), experts);
}
