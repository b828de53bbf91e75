namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Each expert takes the n·k/E tokens that it scores highest (Zhou et al. 2022, eq. 1-2), so the load is always even. It is not causal:
/// whether a token is taken depends on later tokens, so generation token by token routes differently from training.
/// </summary>
public sealed record ExpertChoiceRouting : Routing
{
    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new ExpertChoiceRouter(experts, hiddenSize, initialization);

    private sealed class ExpertChoiceRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : LinearRouter(experts, hiddenSize, initialization)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var probabilities = logits.Softmax(-1);
            var each = Math.Clamp((int)Math.Ceiling((double)tokens.Size(0) * Config.TopK / Config.Experts), 1, tokens.Size(0));
            var (weights, chosen) = probabilities.Transpose(0, 1).TopK(each);
            return new ExpertChoice(logits, probabilities, chosen, weights);
        }
    }
}
