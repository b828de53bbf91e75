namespace Mezcla.Training;

/// <summary>Sequences for one forward pass.</summary>
/// <param name="Inputs">Token ids, Int32 [batch, length].</param>
/// <param name="Labels">The token after each input, Int32 [batch, length]; -100 if a mask excludes it from the loss.</param>
public readonly record struct TokenBatch(Tensor Inputs, Tensor Labels)
{
    /// <summary>The number of labels that count in the loss.</summary>
    public required int CountedLabels { get; init; }
}
