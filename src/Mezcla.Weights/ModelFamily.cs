using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights;

/// <summary>The families of models whose files are read and written.</summary>
public enum ModelFamily
{
    /// <summary>Learned positions, layer norm, GELU, biases, tied head.</summary>
    Gpt2,

    /// <summary>Rotary positions, RMS norm, SwiGLU, perhaps grouped-query attention.</summary>
    Llama,

    /// <summary>Llama with a sliding window.</summary>
    Mistral,

    /// <summary>Llama with a Mixture of Experts in every block.</summary>
    Mixtral,
}

/// <summary>Which family a configuration belongs to.</summary>
public static class ModelFamilies
{
    /// <summary>The family whose files can hold a model of this shape.</summary>
    /// <exception cref="NotSupportedException">No family can hold the model; the message says why.</exception>
    public static ModelFamily Of(TransformerConfig config)
    {
        var attention = config.Attention;
        Need(attention.Latent is null, "latent attention");
        Need(!attention.Sinks, "attention sinks");
        Need(!attention.QueryKeyNorm, "normalized queries and keys");
        Need(!config.ParallelBlocks, "parallel blocks");
        Need(config.Positions is { NoPositionPeriod: 0, ReservedRows: 0 }, "positions that differ between layers or are reserved");
        Need(attention.SlidingWindow is null || attention.SlidingWindowPeriod == 1, "a sliding window in some layers only");
        if (config.Positions.Kind == PositionKind.Learned)
        {
            Need(config.Norm.Kind == NormKind.LayerNorm, "learned positions with RMS norm");
            Need(config.FeedForward is { Gated: false, Activation: Activation.GeluTanh or Activation.Gelu or Activation.Relu },
                "a feed-forward network with learned positions that is not plain GELU or ReLU");
            Need(config.MixtureOfExperts is null, "experts with learned positions");
            Need(attention.KeyValueHeads == attention.Heads && attention.Heads * attention.HeadSize == config.HiddenSize
                && attention.SlidingWindow is null, "other than full multi-head attention with learned positions");
            return ModelFamily.Gpt2;
        }
        Need(config.Positions.Kind == PositionKind.Rotary, "a model without positions");
        Need(config.Norm.Kind == NormKind.RmsNorm, "layer norm with rotary positions");
        if (config.MixtureOfExperts is not { } moe)
        {
            Need(config.FeedForward is { Gated: true, Activation: Activation.Silu, Bias: false },
                "a feed-forward network with rotary positions that is not SwiGLU without biases");
            return attention.SlidingWindow is null ? ModelFamily.Llama : ModelFamily.Mistral;
        }
        Need(moe is { FirstDenseLayers: 0, Period: 1, SharedExperts: 0, RouterBias: false },
            "dense blocks, shared experts or a router bias beside the experts");
        Need(moe.Routing is TopKSoftmaxRouting, "a routing other than Mixtral's, in which the weights of a token's experts add up to one");
        Need(moe.Expert is { Gated: true, Activation: Activation.Silu, Bias: false }, "experts that are not SwiGLU without biases");
        Need(!attention.QueryKeyValueBias && !attention.OutputBias, "experts with attention biases");
        return ModelFamily.Mixtral;

        void Need(bool holds, string what)
        {
            if (!holds)
                throw new NotSupportedException(
                    $"The model '{config.Name}' has {what}, which GPT-2, Llama, Mistral and Mixtral files cannot hold.");
        }
    }
}
