namespace Mezcla.Charts;

/// <summary>The sizes of a Mixture of Experts that decide what it costs to write a token.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rest">Weights that every token uses, without the matrices of keys and values and without the embedding's table.</param>
/// <param name="Stored">Weights that are stored and never read as a whole: the embedding's table.</param>
/// <param name="ExpertWeights">Weights of all experts of all layers together.</param>
/// <param name="Experts">Experts in a layer.</param>
/// <param name="TopK">Experts that a token uses in a layer.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads; keys and values have as many or fewer.</param>
/// <param name="HeadSize">Numbers in a head; the width is this times <paramref name="Heads"/>.</param>
public sealed record ServingModel(
    string Name, double Rest, double Stored, double ExpertWeights, int Experts, int TopK, int Layers, int Heads, int HeadSize)
{
    /// <summary>Weights outside of the experts that a token reads, if keys and values have this many heads.</summary>
    public double Shared(int keyValueHeads) => Rest + 2.0 * Layers * Heads * HeadSize * keyValueHeads * HeadSize;

    /// <summary>Bytes that a token adds to the cache: a key and a value in each layer, in 16 bits.</summary>
    public double CacheBytesPerToken(int keyValueHeads) => 2.0 * Layers * keyValueHeads * HeadSize * 2;
}
