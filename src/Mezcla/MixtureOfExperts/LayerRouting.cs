namespace Mezcla.MixtureOfExperts;

/// <summary>One assignment: an expert that computed a token.</summary>
/// <param name="Token">Number of the token in the batch.</param>
/// <param name="Expert">Number of the expert.</param>
/// <param name="Weight">The weight of its output.</param>
public readonly record struct Assignment(int Token, int Expert, float Weight);

/// <summary>What one Mixture of Experts decided for one token.</summary>
/// <param name="Token">Number of the token in the batch.</param>
/// <param name="Experts">The experts that computed it, by descending weight.</param>
/// <param name="Weights">Their weights.</param>
/// <param name="Dropped">The experts that it chose but that were full.</param>
/// <param name="Logits">The router's scores before any softmax [E].</param>
public readonly record struct TokenRouting(int Token, int[] Experts, float[] Weights, int[] Dropped, ReadOnlyMemory<float> Logits);

/// <summary>What one Mixture of Experts decided in one forward pass.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Experts">Number of experts, E.</param>
/// <param name="Tokens">Number of tokens, N.</param>
/// <param name="Assignments">Which expert computed which token, sorted by token and then by descending weight.</param>
/// <param name="Dropped">Choices that were not computed because the expert was full.</param>
/// <param name="Logits">The router's scores before any softmax, row by row [N, E].</param>
public sealed record LayerRouting(
    int Layer, int Experts, int Tokens, IReadOnlyList<Assignment> Assignments, IReadOnlyList<(int Token, int Expert)> Dropped,
    float[] Logits)
{
    /// <summary>The decision for each token.</summary>
    public IEnumerable<TokenRouting> PerToken()
    {
        var (computed, dropped) = (Assignments.ToLookup(a => a.Token), Dropped.ToLookup(d => d.Token, d => d.Expert));
        for (var token = 0; token < Tokens; token++)
            yield return new(token, [.. computed[token].Select(a => a.Expert)], [.. computed[token].Select(a => a.Weight)],
                [.. dropped[token]], Logits.AsMemory(token * Experts, Experts));
    }

    /// <summary>The share of all choices that were not computed because the expert was full.</summary>
    public double DroppedShare() => Dropped.Count / Math.Max(1.0, Dropped.Count + Assignments.Count);

    /// <summary>The share of all computed assignments that went to each expert: E numbers that sum to one.</summary>
    public double[] Load()
    {
        var load = new double[Experts];
        foreach (var assignment in Assignments)
            load[assignment.Expert]++;
        return [.. load.Select(count => count / Math.Max(1, Assignments.Count))];
    }

    /// <summary>For each token, the expert with the largest weight; -1 if no expert computed it.</summary>
    public int[] FirstChoices()
    {
        var first = new int[Tokens];
        Array.Fill(first, -1);
        foreach (var assignment in Assignments)
            if (first[assignment.Token] < 0)
                first[assignment.Token] = assignment.Expert;
        return first;
    }

    /// <summary>
    /// Entropy of <see cref="Load"/> divided by its maximum, log E: 1 if the load is even, 0 if one expert does everything.
    /// </summary>
    public double LoadEntropy() => Experts == 1 ? 1 : -Load().Where(p => p > 0).Sum(p => p * Math.Log(p)) / Math.Log(Experts);

    /// <summary>MaxVio: the largest load divided by the mean, minus one (Wang et al. 2024, eq. 4); 0 if the load is even.</summary>
    public double MaxViolation() => Load().Max() * Experts - 1;
}
