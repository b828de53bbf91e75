namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Two experts, each weighted by a softmax of its own (SparseMixer-v2, Liu et al. 2023 and 2024; Phi-3.5-MoE): the first over the experts
/// whose logits come near the largest, the second over those that come near the largest of the others. An expert without a near rival has
/// the weight 1, so the two weights may add up to 2. Needs k = 2. Training differs: there the paper draws experts and estimates the
/// gradient of the draw, while this router always takes the best and has the gradient of its softmaxes.
/// </summary>
public sealed record SparseMixerRouting : Routing
{
    /// <summary>ε: a logit is near the largest one, m, if it is less than 2ε·max(|logit|, m) below it (Phi-3.5-MoE: 0.01).</summary>
    public float Jitter { get; init; } = 0.01f;

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization)
    {
        if (experts.TopK != 2)
            throw new ArgumentException($"SparseMixer routing sends a token to two experts, not {experts.TopK}: set TopK to 2.",
                nameof(experts));
        return new SparseMixerRouter(this, experts, hiddenSize, initialization);
    }

    private sealed class SparseMixerRouter(SparseMixerRouting routing, MixtureOfExpertsConfig experts, int hiddenSize,
        Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var (first, weight) = Nearest(logits, logits);
            var numbers = Tensor.From([.. Enumerable.Range(0, Config.Experts).Select(e => (float)e)], 1, Config.Experts).To(logits.Device);
            var isFirst = 1 - numbers.Less(first.To(DType.Float32)) - numbers.Greater(first.To(DType.Float32));
            var (second, other) = Nearest(logits, logits.MaskedFill(isFirst, float.NegativeInfinity));
            var chosen = Tensor.Concatenate(1, first.To(DType.Float32), second.To(DType.Float32)).To(DType.Int32);
            return new TokenChoice(logits, logits.Softmax(-1), chosen, Tensor.Concatenate(1, weight, other));
        }

        // The best of the candidates, and its weight among those near it.
        private (Tensor Expert, Tensor Weight) Nearest(Tensor logits, Tensor candidates)
        {
            var (best, expert) = candidates.TopK(1);
            var (scores, most) = (logits.Detach(), best.Detach());
            var size = scores.Less(-scores).Where(-scores, scores);
            var far = (most - scores).Greater(size.Less(most).Where(most, size) * (2 * routing.Jitter));
            return (expert, candidates.MaskedFill(far, float.NegativeInfinity).Softmax(-1).Gather(1, expert));
        }
    }
}
