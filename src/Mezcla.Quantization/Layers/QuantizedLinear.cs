using Mezcla.Layers;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Layers;

/// <summary>y = x·Wᵀ + b with a quantized W. Gradients cannot pass through it.</summary>
/// <param name="matrix">W, which the layer owns from then on.</param>
/// <param name="bias">b, or null.</param>
public sealed class QuantizedLinear(IQuantizedMatrix matrix, Tensor? bias) : Linear(null, bias), IQuantizedLayer
{
    /// <summary>W.</summary>
    public IQuantizedMatrix Matrix { get; } = matrix;

    /// <inheritdoc/>
    public IReadOnlyList<IQuantizedMatrix> Matrices => [Matrix];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Bias is null ? Matrix.Apply(x) : Matrix.Apply(x) + Bias;

    /// <inheritdoc/>
    public override Tensor ForwardGelu(Tensor x, GeluForm form) => Forward(x).Gelu(form);
}
