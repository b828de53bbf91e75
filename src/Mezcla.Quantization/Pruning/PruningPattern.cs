namespace Mezcla.Quantization.Pruning;

/// <summary>Which weights may be missing: any share of them, or n of every m neighbours in a row.</summary>
/// <param name="Sparsity">The share of weights to remove, 0 to 1.</param>
/// <param name="Kept">How many of every <paramref name="Of"/> neighbours are kept; 0 if any weight may be removed.</param>
/// <param name="Of">Neighbours.</param>
public readonly record struct PruningPattern(double Sparsity, int Kept = 0, int Of = 0)
{
    /// <summary>Two of every four, which NVIDIA's sparse tensor cores multiply at twice the speed (Mishra et al. 2021).</summary>
    public static PruningPattern TwoOfFour { get; } = new(0.5, 2, 4);

    /// <summary>Removes a share of the weights at any place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 0 to 1.</exception>
    public static PruningPattern Share(double sparsity) => sparsity is >= 0 and <= 1 ? new(sparsity)
        : throw new ArgumentOutOfRangeException(nameof(sparsity), sparsity, "The share of weights must be from 0 to 1.");

    /// <summary>Marks which of several competing weights are kept: those with the highest scores. Of equal scores, the first are
    /// removed.</summary>
    public void Mark(ReadOnlySpan<float> scores, Span<bool> keep)
    {
        if (Of > 0)
        {
            for (var at = 0; at < scores.Length; at += Of)
            {
                var part = scores.Slice(at, Math.Min(Of, scores.Length - at));
                Lowest(part, Math.Max(0, part.Length - Kept), keep.Slice(at, part.Length));
            }
        }
        else
            Lowest(scores, (int)Math.Round(Sparsity * scores.Length), keep);
    }

    private static void Lowest(ReadOnlySpan<float> scores, int count, Span<bool> keep)
    {
        var order = new int[scores.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        var keys = scores.ToArray();
        Array.Sort(keys, order, Comparer<float>.Default);
        keep.Fill(true);
        for (var i = 0; i < count; i++)
            keep[order[i]] = false;
    }
}
