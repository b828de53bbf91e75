using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>
/// The k largest logits, softmax over those alone: weights sum to one (Mixtral, section 2.1). Equal to a softmax over all logits,
/// renormalized over the chosen.
/// </summary>
public sealed record TopKSoftmaxRouting : Routing
{
    internal override Router Create(TransformerConfig config, RandomStream random, float deviation) => new TopKSoftmaxRouter(config, random, deviation);

    private sealed class TopKSoftmaxRouter(TransformerConfig config, RandomStream random, float deviation) : LinearRouter(config, random, deviation)
    {
        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var (values, experts) = logits.TopK(Config.TopK);
            return new TokenChoice(logits, logits.Softmax(-1), experts, values.Softmax(-1));
        }
    }
}

/// <summary>
/// Softmax over all logits, then the k largest as they are: weights sum to less than one (DeepSeek-V2; Switch where k is 1),
/// multiplied by <see cref="Scale"/>.
/// </summary>
public sealed record SoftmaxTopKRouting : Routing
{
    /// <summary>A factor on the weights (DeepSeek-V2: 16).</summary>
    public float Scale { get; init; } = 1;

    internal override Router Create(TransformerConfig config, RandomStream random, float deviation) => new SoftmaxTopKRouter(this, config, random, deviation);

    private sealed class SoftmaxTopKRouter(SoftmaxTopKRouting routing, TransformerConfig config, RandomStream random, float deviation)
        : LinearRouter(config, random, deviation)
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
