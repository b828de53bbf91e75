namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Always takes the best expert. In training the second one is taken with probability min(1, 2·g₂) (GShard, algorithm 1: random routing).
/// The weights are normalized over the two. Needs k = 2.
/// </summary>
public sealed record GShardRouting : Routing
{
    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization)
    {
        if (experts.TopK != 2)
            throw new ArgumentException($"GShard routing sends a token to two experts, not {experts.TopK}: set TopK to 2.",
                nameof(experts));
        return new GShardRouter(experts, hiddenSize, initialization);
    }

    private sealed class GShardRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var (values, experts) = logits.TopK(2);
            var weights = values.Softmax(-1);
            if (context.Training)
            {
                var random = context.Random
                    ?? throw new InvalidOperationException("GShard routing in training needs ForwardContext.Random.");
                // A draw below 2·g₂ keeps the second choice. The first column is compared with 2·g₁
                // ≥ 1, so the first choice is always kept.
                var draws = Tensor.Uniform(random, 0, 1, weights.Shape).To(weights.Device);
                var kept = draws.Less(weights.Detach() * 2);
                // A choice that is dropped becomes -1.
                experts = ((experts.To(DType.Float32) + 1) * kept - 1).To(DType.Int32);
            }

            return new TokenChoice(logits, logits.Softmax(-1), experts, weights);
        }
    }
}
