namespace Mezcla.MixtureOfExperts;

/// <summary>One expert computing one token.</summary>
/// <param name="Token">Number of the token in the batch.</param>
/// <param name="Expert">Number of the expert.</param>
/// <param name="Weight">The weight of its output.</param>
public readonly record struct Assignment(int Token, int Expert, float Weight);

/// <summary>What one Mixture of Experts decided for one token.</summary>
/// <param name="Token">Number of the token in the batch.</param>
/// <param name="Experts">The experts that computed it, by falling weight.</param>
/// <param name="Weights">Their weights.</param>
/// <param name="Dropped">Experts that it chose and that were full.</param>
/// <param name="Logits">The router's raw scores [E].</param>
public readonly record struct TokenRouting(int Token, int[] Experts, float[] Weights, int[] Dropped, ReadOnlyMemory<float> Logits);

/// <summary>What one Mixture of Experts decided in one forward pass.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Experts">Number of experts, E.</param>
/// <param name="Tokens">Number of tokens, N.</param>
/// <param name="Assignments">Who computed what, by token and then by falling weight.</param>
/// <param name="Dropped">Choices that a full expert did not compute.</param>
/// <param name="Logits">The router's raw scores, row by row [N, E].</param>
public sealed record LayerRouting(
    int Layer, int Experts, int Tokens, IReadOnlyList<Assignment> Assignments, IReadOnlyList<(int Token, int Expert)> Dropped,
    float[] Logits)
{
    /// <summary>What was decided for each token.</summary>
    public IEnumerable<TokenRouting> PerToken()
    {
        var (computed, dropped) = (Assignments.ToLookup(a => a.Token), Dropped.ToLookup(d => d.Token, d => d.Expert));
        for (var token = 0; token < Tokens; token++)
            yield return new(token, [.. computed[token].Select(a => a.Expert)], [.. computed[token].Select(a => a.Weight)],
                [.. dropped[token]], Logits.AsMemory(token * Experts, Experts));
    }

    /// <summary>The share of all choices that full experts did not compute.</summary>
    public double DroppedShare() => Dropped.Count / Math.Max(1.0, Dropped.Count + Assignments.Count);

    /// <summary>The share of all computed assignments that each expert had: E numbers that sum to one.</summary>
    public double[] Load()
    {
        var load = new double[Experts];
        foreach (var assignment in Assignments)
            load[assignment.Expert]++;
        return [.. load.Select(count => count / Math.Max(1, Assignments.Count))];
    }

    /// <summary>The expert with the largest weight of each token; -1 where none computed it.</summary>
    public int[] FirstChoices()
    {
        var first = new int[Tokens];
        Array.Fill(first, -1);
        foreach (var assignment in Assignments)
            if (first[assignment.Token] < 0)
                first[assignment.Token] = assignment.Expert;
        return first;
    }

    /// <summary>Entropy of <see cref="Load"/> in units of its maximum, log E: 1 when even, 0 when one expert does everything.</summary>
    public double LoadEntropy() => Experts == 1 ? 1 : -Load().Where(p => p > 0).Sum(p => p * Math.Log(p)) / Math.Log(Experts);

    /// <summary>MaxVio: the largest load over the mean, minus one (Wang et al. 2024, eq. 4); 0 when even.</summary>
    public double MaxViolation() => Load().Max() * Experts - 1;
}
