namespace Mezcla.Charts;

/// <summary>How a model is served: where the sliders of <see cref="ServingCostFigure"/> stand.</summary>
/// <param name="Conversations">Conversations that are continued at once, one token each in a step.</param>
/// <param name="Tokens">Tokens in each conversation so far, all of them in the cache.</param>
/// <param name="KeyValueHeads">Heads of keys and values.</param>
/// <param name="Chip">The GPU.</param>
/// <param name="Gpus">How many of them share weights, caches and work evenly.</param>
/// <param name="Bits">Bits of a weight.</param>
/// <param name="Price">Dollars for a GPU and an hour.</param>
public sealed record ServingState(int Conversations, int Tokens, int KeyValueHeads, ServingChip Chip, int Gpus, double Bits, double Price);
