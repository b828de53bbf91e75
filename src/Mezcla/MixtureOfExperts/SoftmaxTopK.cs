namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Softmax over all logits; the k largest probabilities are the weights, without normalization, so they sum to less than one (DeepSeek-V2;
/// Switch if k is 1). They are multiplied by <see cref="Scale"/>.
/// </summary>
public sealed record SoftmaxTopKRouting : Routing
{
    /// <summary>A factor on the weights (DeepSeek-V2: 16).</summary>
    public float Scale { get; init; } = 1;

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new SoftmaxTopKRouter(this, experts, hiddenSize, initialization);

    private sealed class SoftmaxTopKRouter(SoftmaxTopKRouting routing, MixtureOfExpertsConfig experts, int hiddenSize,
        Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var probabilities = logits.Softmax(-1);
            var (weights, experts) = probabilities.TopK(Config.TopK);
            return new TokenChoice(logits, probabilities, experts, routing.Scale == 1 ? weights : weights * routing.Scale);
        }
    }
}
