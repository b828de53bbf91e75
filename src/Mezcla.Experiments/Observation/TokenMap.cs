using Mezcla.Charts;
using Mezcla.Models;
using Mezcla.Tokenization;

namespace Mezcla.Experiments.Observation;

/// <summary>Shows a text with each token in the colour of the expert that computed it.</summary>
public static class TokenMap
{
    /// <summary>The map of one block.</summary>
    /// <param name="model">A model with experts.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="text">The text.</param>
    /// <param name="layer">The number of the block; a negative number counts from the last block with experts, which is -1.</param>
    /// <exception cref="ArgumentException">The model is dense, the text empty, or the block has no experts.</exception>
    public static TokenText Of(Transformer model, Tokenizer tokenizer, string text, int layer = -1)
    {
        var observed = ObservedRouting.Of(model, tokenizer, text);
        ObservedLayer chosen = (layer < 0
            ? observed.Layers.ElementAtOrDefault(observed.Layers.Count + layer)
            : observed.Layers.FirstOrDefault(l => l.Layer == layer))
            ?? throw new ArgumentException(
                $"Block {layer} has no experts; these have: {string.Join(", ", observed.Layers.Select(l => l.Layer))}.", nameof(layer));
        return TokenText.ByExpert(observed.Ids.Select(id => tokenizer.Decode([id])), chosen.Choices, chosen.Weights, chosen.Experts,
            title: $"Experts of block {chosen.Layer}");
    }
}
