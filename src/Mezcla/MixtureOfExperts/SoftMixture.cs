namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Every expert computes every token, and the gate weights their outputs: y = Σᵢ softmax(W_g x)ᵢ·Eᵢ(x) (Jacobs, Jordan, Nowlan and Hinton
/// 1991). This is the original, dense mixture; k is ignored.
/// </summary>
public sealed record SoftMixtureRouting : Routing
{
    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new SoftMixtureRouter(experts, hiddenSize, initialization);

    private sealed class SoftMixtureRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var probabilities = logits.Softmax(-1);
            var (weights, experts) = probabilities.TopK(Config.Experts);
            return new TokenChoice(logits, probabilities, experts, weights);
        }
    }
}
