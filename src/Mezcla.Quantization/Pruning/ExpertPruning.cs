using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Pruning;

/// <summary>Removes whole experts: in each layer those that the fewest tokens of a text use. The result is a smaller model.</summary>
public static class ExpertPruning
{
    /// <summary>The share of a text's assignments that each expert had, for each layer with experts.</summary>
    public static IReadOnlyDictionary<int, double[]> Use(Transformer model, CalibrationText text)
    {
        var counts = new SortedDictionary<int, double[]>();
        foreach (var sequence in text.Sequences)
            foreach (var layer in model.Observe(Tensor.From(sequence, 1, sequence.Length)).Layers)
            {
                if (!counts.TryGetValue(layer.Layer, out var own))
                    counts.Add(layer.Layer, own = new double[layer.Experts]);
                foreach (var assignment in layer.Assignments)
                    own[assignment.Expert]++;
            }
        return counts.ToDictionary(c => c.Key, c => c.Value.Select(n => n / Math.Max(1, c.Value.Sum())).ToArray());
    }

    /// <summary>Makes a model that has only the most used experts of each layer.</summary>
    /// <param name="model">A model with experts and a linear router, on the CPU.</param>
    /// <param name="keep">Experts of a layer that stay: at least as many as a token uses.</param>
    /// <param name="text">The text that use is counted on.</param>
    /// <exception cref="ArgumentException">The model has no experts, or they cannot be removed.</exception>
    public static Transformer Prune(Transformer model, int keep, CalibrationText text)
    {
        var config = model.Config.MixtureOfExperts ?? throw new ArgumentException("The model has no experts.", nameof(model));
        if (keep < config.TopK || keep > config.Experts)
            throw new ArgumentException($"{config.TopK} to {config.Experts} experts of a layer can be kept, not {keep}.",
                nameof(keep));
        if (model.Blocks.Any(b => b.Experts is { Router: not LinearRouter }))
            throw new ArgumentException("Experts can be removed only if their router is a linear map.", nameof(model));
        var kept = Use(model, text)
            .ToDictionary(u => $"blocks.{u.Key}.experts.",
                u => u.Value.Select((share, expert) => (share, expert)).OrderByDescending(e => e.share).Take(keep).Select(e => e.expert)
                    .Order().ToArray());
        var smaller = new Transformer(model.Config with { MixtureOfExperts = config with { Experts = keep } }, new RandomStream(0));
        Copy(model.NamedParameters(), smaller.NamedParameters());
        Copy(model.NamedBuffers(), smaller.NamedBuffers());
        return smaller;

        void Copy(IEnumerable<(string Name, Tensor Tensor)> from, IEnumerable<(string Name, Tensor Tensor)> to)
        {
            var source = from.ToDictionary(p => p.Name, p => p.Tensor);
            foreach (var (name, tensor) in to)
            {
                var values = source[name].ToArray();
                // Parameters of the shared experts have no axis of experts.
                var own = name.Contains(".shared.", StringComparison.Ordinal)
                    ? null
                    : kept.FirstOrDefault(k => name.StartsWith(k.Key, StringComparison.Ordinal)).Value;
                var each = own is null ? 0 : values.Length / config.Experts;
                Module.Assign(tensor, own is null ? values : [.. own.SelectMany(expert => values[(expert * each)..((expert + 1) * each)])]);
            }
        }
    }
}
