namespace Mezcla.Training;

/// <summary>Sequences for one forward pass.</summary>
/// <param name="Inputs">Token ids, Int32 [batch, length].</param>
/// <param name="Labels">The token after each input, Int32 [batch, length]; -100 where a mask leaves it out.</param>
public readonly record struct TokenBatch(Tensor Inputs, Tensor Labels)
{
    /// <summary>How many labels are not left out.</summary>
    public required int CountedLabels { get; init; }
}
