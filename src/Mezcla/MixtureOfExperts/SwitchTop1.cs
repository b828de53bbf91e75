using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>
/// One expert a token, weighted by its probability p (Switch Transformer, eq. 1-2): the weight is what carries the gradient to the router,
/// so it must not be normalized to one. Needs k = 1.
/// </summary>
public sealed record SwitchRouting : Routing
{
    internal override Router Create(TransformerConfig config, RandomStream random, float deviation)
    {
        if (config.MixtureOfExperts!.TopK != 1)
            throw new ArgumentException($"Switch routing sends a token to one expert, not {config.MixtureOfExperts.TopK}: set TopK to 1.", nameof(config));
        return new SoftmaxTopKRouting().Create(config, random, deviation);
    }
}
