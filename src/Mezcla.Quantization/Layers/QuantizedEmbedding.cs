using Mezcla.Layers;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Layers;

/// <summary>A quantized table with one vector for each id. It also serves as the output head in models with tied embeddings. Gradients
/// cannot pass through it.</summary>
/// <param name="matrix">The table [count, size], which the layer owns from then on.</param>
public sealed class QuantizedEmbedding(IQuantizedMatrix matrix) : Embedding, IQuantizedLayer
{
    /// <summary>The table.</summary>
    public IQuantizedMatrix Matrix { get; } = matrix;

    /// <inheritdoc/>
    public IReadOnlyList<IQuantizedMatrix> Matrices => [Matrix];

    /// <inheritdoc/>
    public override Tensor Forward(Tensor ids) => Matrix.Lookup(ids);

    /// <inheritdoc/>
    public override Tensor Project(Tensor x) => Matrix.Apply(x);
}
