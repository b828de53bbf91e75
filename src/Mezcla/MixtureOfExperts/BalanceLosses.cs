namespace Mezcla.MixtureOfExperts;

/// <summary>The auxiliary losses that keep the experts evenly used, as functions of a router's results.</summary>
public static class BalanceLosses
{
    /// <summary>
    /// E·Σᵢ fᵢ·Pᵢ, where fᵢ is the share of the choices that went to expert i and Pᵢ its mean probability (Switch
    /// Transformer, eq. 4-6, for any k). It is 1 if both are uniform, and E if all choices go to one expert. Gradients flow
    /// through P only, because counting has no gradient.
    /// </summary>
    /// <param name="probabilities">[N, E].</param>
    /// <param name="chosen">Int32, any shape: the chosen expert of every choice.</param>
    /// <param name="peers">The processes with the other tokens of the batch: f is then that of the whole batch, and the mean of the
    /// processes' losses is the loss of the batch. Null if there are none.</param>
    public static Tensor LoadBalancing(Tensor probabilities, Tensor chosen, IPeers? peers = null)
    {
        var experts = probabilities.Size(1);
        var counts = chosen.CountByIndex(experts);
        counts = peers?.Sum(counts) ?? counts;
        // Choices that the router dropped (GShard's second expert) are not counted, but the shares still sum to one.
        return (counts / counts.Sum() * probabilities.Mean(0)).Sum() * experts;
    }

    /// <summary>
    /// The mean over tokens of the squared log-sum-exp of the logits [N, E] (ST-MoE, eq. 5). It keeps the logits small, so that float32 and
    /// bfloat16 represent them with small enough rounding errors.
    /// </summary>
    public static Tensor RouterZ(Tensor logits) => logits.LogSumExp(-1).Square().Mean();

    /// <summary>
    /// The squared coefficient of variation, CV², of the experts' importance. The importance of an expert is the sum of its
    /// weights over all tokens, where the weight is 0 for tokens that did not choose it (Shazeer et al. 2017, eq. 6-7). 0 if all
    /// are equal, E - 1 if one expert has everything.
    /// </summary>
    /// <param name="weights">[N, k].</param>
    /// <param name="chosen">Int32 [N, k]: the experts that the weights belong to.</param>
    /// <param name="experts">E.</param>
    public static Tensor Importance(Tensor weights, Tensor chosen, int experts)
    {
        // A choice that the router dropped is -1: it is counted in an extra segment, which is then cut off.
        var sums = weights.Reshape(-1).SegmentSum(((chosen.To(DType.Float32) + 1).To(DType.Int32)).Reshape(-1), experts + 1);
        return SquaredVariation(sums.Slice(0, 1, experts));
    }

    /// <summary>
    /// CV² of the experts' load, the number of tokens expected to choose each: the sum over tokens of <paramref name="chances"/> [N, E]
    /// (Shazeer et al. 2017, eq. 11).
    /// </summary>
    public static Tensor Load(Tensor chances) => SquaredVariation(chances.Sum(0));

    private static Tensor SquaredVariation(Tensor sums)
    {
        var mean = sums.Mean();
        return (sums - mean).Square().Mean() / (mean.Square() + 1e-10f);
    }
}
