namespace Mezcla.MixtureOfExperts;

/// <summary>The losses that keep experts in use, as plain functions of what a router computed.</summary>
public static class BalanceLosses
{
    /// <summary>
    /// E·Σᵢ fᵢ·Pᵢ with fᵢ the share of the choices that went to expert i and Pᵢ the mean probability it got (Switch Transformer, eq. 4-6,
    /// for any k). 1 when both are uniform, E when all choices go to one expert. Gradients flow through P only: counting has none.
    /// </summary>
    /// <param name="probabilities">[N, E].</param>
    /// <param name="chosen">Int32, any shape: the chosen expert of every choice.</param>
    public static Tensor LoadBalancing(Tensor probabilities, Tensor chosen)
    {
        var experts = probabilities.Size(1);
        var counts = chosen.CountByIndex(experts);
        // Choices that were given up (GShard's second expert) are not counted: the shares sum to one all the same.
        return (counts / counts.Sum() * probabilities.Mean(0)).Sum() * experts;
    }

    /// <summary>The mean of log²Σexp over the logits [N, E] (ST-MoE, eq. 5): keeps them
    /// small, so that float32 and bfloat16 stay exact enough.</summary>
    public static Tensor RouterZ(Tensor logits) => logits.LogSumExp(-1).Square().Mean();

    /// <summary>
    /// CV² of each expert's importance, the sum over tokens of its weight, which is 0 where it was not chosen (Shazeer et al. 2017, eq.
    /// 6-7). 0 when even, E - 1 when one expert has all.
    /// </summary>
    /// <param name="weights">[N, k].</param>
    /// <param name="chosen">Int32 [N, k]: the experts that the weights belong to.</param>
    /// <param name="experts">E.</param>
    public static Tensor Importance(Tensor weights, Tensor chosen, int experts)
    {
        // A choice that was given up is -1: it goes to a segment of its own, which is then cut off.
        var sums = weights.Reshape(-1).SegmentSum(((chosen.To(DType.Float32) + 1).To(DType.Int32)).Reshape(-1), experts + 1);
        return SquaredVariation(sums.Slice(0, 1, experts));
    }

    /// <summary>CV² of each expert's load, the number of tokens expected to choose it: the sum over tokens
    /// of <paramref name="chances"/> [N, E] (Shazeer et al. 2017, eq. 11).</summary>
    public static Tensor Load(Tensor chances) => SquaredVariation(chances.Sum(0));

    private static Tensor SquaredVariation(Tensor sums)
    {
        var mean = sums.Mean();
        return (sums - mean).Square().Mean() / (mean.Square() + 1e-10f);
    }
}
