namespace Mezcla.Training;

/// <summary>Sequences for one forward pass.</summary>
/// <param name="Inputs">Token ids, Int32 [batch, length].</param>
/// <param name="Labels">The token after each input, Int32 [batch, length]; -100 if a mask excludes it from the loss.</param>
public readonly record struct TokenBatch(Tensor Inputs, Tensor Labels)
{
    /// <summary>The number of labels that count in the loss.</summary>
    public required int CountedLabels { get; init; }

    /// <summary>The share of one of several processes: sequences that follow each other, as many as for the others or one more.</summary>
    public TokenBatch Share(IPeers? peers)
    {
        if (peers is null)
            return this;
        var (batch, rank) = (Inputs.Size(0), peers.Rank);
        var (start, end) = (batch * rank / peers.Count, batch * (rank + 1) / peers.Count);
        var labels = Labels.Slice(0, start, end - start);
        var counted = CountedLabels == Labels.Count ? (int)labels.Count : labels.ToIntArray().Count(label => label >= 0);
        return new(Inputs.Slice(0, start, end - start), labels) { CountedLabels = counted };
    }
}
