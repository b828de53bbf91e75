using Mezcla.MixtureOfExperts;

namespace Mezcla.Models;

/// <summary>
/// One block, with the norm before each sublayer (Radford et al. 2019): y = x + attention(norm(x)), then y + network(norm(y)). If parallel,
/// it is x + attention(norm(x)) + network(norm(x)) with one norm (PaLM).
/// </summary>
public sealed class TransformerBlock : Module
{
    private readonly TransformerConfig _config;

    /// <summary>Makes block <paramref name="layer"/> of a model.</summary>
    public TransformerBlock(TransformerConfig config, int layer, RotaryTable? rotary, Initialization initialization)
    {
        _config = config;
        AttentionNorm = Child("attention_norm", new Normalization(config.HiddenSize, config.Norm));
        Attention = config.Attention.Latent is null
            ? Child("attention", new SelfAttention(config.Attention, config.HiddenSize, layer, rotary, initialization, config.Norm.Epsilon))
            : Child("attention", new LatentAttention(config.Attention, config.HiddenSize, config.Norm, layer, rotary, initialization));
        if (!config.ParallelBlocks)
            NetworkNorm = Child("network_norm", new Normalization(config.HiddenSize, config.Norm));
        if (config.IsMixtureOfExperts(layer))
            Experts = Child("experts",
                new MixtureOfExpertsLayer(config.MixtureOfExperts!, config.HiddenSize, initialization, layer, config.VocabularySize));
        else
            Network = Child("network", new FeedForward(config.FeedForward, config.HiddenSize, initialization));
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
        if (_config.ParallelBlocks)
            return x + Scaled(attended + context.Dropout(FeedForward(normed, context), _config.Dropout));
        x += Scaled(attended);
        return x + Scaled(context.Dropout(FeedForward(NetworkNorm!.Forward(x), context), _config.Dropout));
    }

    private Tensor Scaled(Tensor output) => _config.ResidualMultiplier is { } factor ? output * factor : output;

    private Tensor FeedForward(Tensor x, ForwardContext context) =>
        Experts is not null ? Experts.Forward(x, context) : Network!.Forward(x);
}
