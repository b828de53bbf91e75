using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>Every expert computes every token, and the gate mixes them: y = Σᵢ softmax(W_g x)ᵢ·Eᵢ(x) (Jacobs, Jordan, Nowlan and Hinton 1991). The mixture before sparsity; k is ignored.</summary>
public sealed record SoftMixtureRouting : Routing
{
    internal override Router Create(TransformerConfig config, RandomStream random, float deviation) => new SoftMixtureRouter(config, random, deviation);

    private sealed class SoftMixtureRouter(TransformerConfig config, RandomStream random, float deviation) : LinearRouter(config, random, deviation)
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
