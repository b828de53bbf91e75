namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Takes the k largest logits and applies softmax to those alone, so the weights sum to one (Mixtral, section 2.1). This equals a softmax
/// over all logits, renormalized over the chosen experts.
/// </summary>
public sealed record TopKSoftmaxRouting : Routing
{
    /// <inheritdoc/>
    public override bool RouterLearns(int chosen) => chosen > 1;

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new TopKSoftmaxRouter(experts, hiddenSize, initialization);

    private sealed class TopKSoftmaxRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context) => Best(Scores(tokens));
    }
}
