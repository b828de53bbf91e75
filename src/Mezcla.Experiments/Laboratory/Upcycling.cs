using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Sparse upcycling (Komatsuzaki et al. 2023): a trained dense model becomes a Mixture of Experts in which every expert starts as
/// a copy of its feed-forward network.</summary>
public static class Upcycling
{
    /// <summary>Copies <paramref name="dense"/> into a model with <paramref name="experts"/>; only the routers are new.</summary>
    /// <exception cref="ArgumentException">The model already has experts, or the experts do not have the shape of the dense
    /// network.</exception>
    public static Transformer FromDense(Transformer dense, MixtureOfExpertsConfig experts, RandomStream random)
    {
        if (dense.Config.MixtureOfExperts is not null)
            throw new ArgumentException("Only a dense model can be upcycled.", nameof(dense));
        if (experts.Expert != dense.Config.FeedForward)
            throw new ArgumentException($"Experts must have the dense network's shape {dense.Config.FeedForward}, not {experts.Expert}.",
                nameof(experts));
        var model = new Transformer(dense.Config with { MixtureOfExperts = experts, Name = dense.Config.Name + "-upcycled" }, random);
        var source = dense.NamedParameters().ToDictionary(p => p.Name, p => p.Tensor);
        foreach (var (name, target) in model.NamedParameters())
        {
            if (source.TryGetValue(name, out var same))
                Module.Assign(target, same.ToArray());
            else if (name.Contains(".experts.router.", StringComparison.Ordinal))
                continue;
            else if (name.Contains(".experts.shared.", StringComparison.Ordinal))
                Module.Assign(target, Repeated(source, name, ".experts.shared.", target));
            else
                Module.Assign(target, Repeated(source, name, ".experts.", target));
        }

        return model;
    }

    // Repeats the dense network's [rows, columns] for each expert to fill [E, rows, columns].
    private static float[] Repeated(Dictionary<string, Tensor> source, string name, string part, Tensor target)
    {
        var dense = source[name.Replace(part, ".network.", StringComparison.Ordinal)].ToArray();
        if (target.Count % dense.Length != 0)
            throw new ArgumentException(
                $"Upcycling: {name} holds {target.Count} numbers, which is not a multiple of the dense network's {dense.Length}.");
        var values = new float[target.Count];
        for (var start = 0; start < values.Length; start += dense.Length)
            dense.CopyTo(values, start);
        return values;
    }
}
