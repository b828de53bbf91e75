using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>
/// One block with the norm before each sublayer (Radford et al. 2019): x + attention(norm(x)), then that + network(norm(·)); where parallel,
/// x + attention(norm(x)) + network(norm(x)) with one norm (PaLM).
/// </summary>
public sealed class TransformerBlock : Module
{
    private readonly TransformerConfig _config;

    /// <summary>Block <paramref name="layer"/> of a model.</summary>
    public TransformerBlock(TransformerConfig config, int layer, RotaryTable? rotary, RandomStream random, float deviation, float residualScale)
    {
        _config = config;
        AttentionNorm = Child("attention_norm", new Normalization(config.HiddenSize, config.Norm));
        Attention = config.Attention.Latent is null
            ? Child("attention", new SelfAttention(config, layer, rotary, random, deviation, residualScale))
            : Child("attention", new LatentAttention(config, layer, rotary, random, deviation, residualScale));
        if (!config.ParallelBlocks) NetworkNorm = Child("network_norm", new Normalization(config.HiddenSize, config.Norm));
        if (config.IsMixtureOfExperts(layer))
            Experts = Child("experts", new MixtureOfExpertsLayer(config, layer, random, deviation, residualScale));
        else
            Network = Child("network", new FeedForward(config.HiddenSize, config.FeedForward, random, deviation, residualScale));
    }

    /// <summary>The norm before attention.</summary>
    public Normalization AttentionNorm { get; }

    /// <summary>Self-attention.</summary>
    public IAttention Attention { get; }

    /// <summary>The norm before the network; null in a parallel block.</summary>
    public Normalization? NetworkNorm { get; }

    /// <summary>The dense network; null in a block with experts.</summary>
    public FeedForward? Network { get; }

    /// <summary>The experts; null in a dense block.</summary>
    public MixtureOfExpertsLayer? Experts { get; }

    /// <summary>[batch, time, d] → the same shape.</summary>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var normed = AttentionNorm.Forward(x);
        var attended = context.Dropout(Attention.Forward(normed, context), _config.Dropout);
        if (_config.ParallelBlocks) return x + attended + context.Dropout(FeedForward(normed, context), _config.Dropout);
        x += attended;
        return x + context.Dropout(FeedForward(NetworkNorm!.Forward(x), context), _config.Dropout);
    }

    private Tensor FeedForward(Tensor x, ForwardContext context) =>
        Experts is not null ? Experts.Forward(x, context) : Network!.Forward(x);
}
