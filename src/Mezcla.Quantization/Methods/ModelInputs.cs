using Mezcla.Models;

namespace Mezcla.Quantization.Methods;

/// <summary>What the matrices of a model get as inputs while it reads a text.</summary>
public static class ModelInputs
{
    /// <summary>The statistics of each matrix's inputs, by the matrix's name. The model is not changed. The table of embeddings has no
    /// inputs, so it is not among them.</summary>
    /// <param name="model">A model on the CPU.</param>
    /// <param name="text">The text it reads.</param>
    public static IReadOnlyDictionary<string, InputStatistics> Of(Transformer model, CalibrationText text)
    {
        var all = new Dictionary<string, InputStatistics>();
        LayerWalk.Run(model, text, (_, statistics) =>
        {
            foreach (var (name, inputs) in statistics)
                all.Add(name, inputs);
        }, ModelMatrix.Of(model));
        return all;
    }
}
