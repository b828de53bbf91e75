using Mezcla.Layers;
using Mezcla.Models;

namespace Mezcla.Quantization.Methods;

/// <summary>Copies of models, so that one can be quantized or pruned and the other kept.</summary>
public static class ModelCopy
{
    /// <summary>A model of the same shape with the same parameters and buffers, on the CPU.</summary>
    /// <exception cref="InvalidOperationException">The model is quantized, so that it has no float weights.</exception>
    public static Transformer Of(Transformer model)
    {
        var copy = new Transformer(model.Config, new Tensors.RandomStream(0));
        Transfer(model.NamedParameters(), copy.NamedParameters());
        Transfer(model.NamedBuffers(), copy.NamedBuffers());
        return copy;

        static void Transfer(IEnumerable<(string Name, Tensors.Tensor Tensor)> from, IEnumerable<(string Name, Tensors.Tensor Tensor)> to)
        {
            var source = from.ToDictionary(p => p.Name, p => p.Tensor);
            foreach (var (name, tensor) in to)
                Module.Assign(tensor,
                    source.TryGetValue(name, out var values)
                        ? values.ToArray()
                        : throw new InvalidOperationException($"The model has no float weights for '{name}': it is quantized."));
        }
    }
}
