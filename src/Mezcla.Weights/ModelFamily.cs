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

    /// <summary>Biases on queries, keys and values; shared experts behind a sigmoid gate.</summary>
    Qwen2Moe,

    /// <summary>Queries and keys normalized in each head.</summary>
    Qwen3Moe,

    /// <summary>Queries and keys normalized over the whole projection.</summary>
    Olmoe,

    /// <summary>Mixtral with multipliers on embeddings, attention, residuals and logits.</summary>
    GraniteMoe,

    /// <summary>Latent attention, shared experts, dense blocks at the start.</summary>
    DeepseekV2,

    /// <summary>Attention sinks, a window in every second layer, biases everywhere, a clamped SwiGLU.</summary>
    GptOss,

    /// <summary>Mixtral with layer norm, biases in attention and head, and two softmaxes to weigh two experts.</summary>
    PhiMoe,
}

/// <summary>Which family a configuration belongs to.</summary>
public static class ModelFamilies
{
    /// <summary>The family whose files can hold a model of this shape.</summary>
    /// <exception cref="NotSupportedException">No family can hold the model; the message says why.</exception>
    public static ModelFamily Of(TransformerConfig config)
    {
        var attention = config.Attention;
        Need(!attention.QueryKeyNorm, "queries and keys that are normalized after rotation");
        Need(!config.ParallelBlocks, "parallel blocks");
        Need(config.Positions is { NoPositionPeriod: 0, ReservedRows: 0 }, "positions that differ between layers or are reserved");
        if (attention.Sinks)
            return GptOss();
        Need(attention.SlidingWindow is null || attention.SlidingWindowPeriod == 1, "a sliding window in some layers only");
        if (config.Positions.Kind == PositionKind.Learned)
        {
            Need(config.Norm.Kind == NormKind.LayerNorm, "learned positions with RMS norm");
            Need(config.FeedForward is { Gated: false, Activation: Activation.GeluTanh or Activation.Gelu or Activation.Relu },
                "a feed-forward network with learned positions that is not plain GELU or ReLU");
            Need(config.MixtureOfExperts is null, "experts with learned positions");
            Need(attention.KeyValueHeads == attention.Heads && attention.Heads * attention.HeadSize == config.HiddenSize
                && attention is { SlidingWindow: null, Latent: null, LearnedQueryKeyNorm: QueryKeyNormSpan.None },
                "other than full multi-head attention with learned positions");
            Need(!HasMultipliers(config), "multipliers with learned positions");
            Need(!config.HeadBias, "a bias of the head");
            return ModelFamily.Gpt2;
        }
        Need(config.Positions.Kind == PositionKind.Rotary, "a model without positions");
        if (config.MixtureOfExperts is { Routing: SparseMixerRouting } sparse)
            return PhiMoe(sparse);
        Need(!config.HeadBias, "a bias of the head");
        Need(config.Norm.Kind == NormKind.RmsNorm, "layer norm with rotary positions");
        if (config.MixtureOfExperts is not { } moe)
        {
            Need(config.FeedForward is { Gated: true, Activation: Activation.Silu, Bias: false },
                "a feed-forward network with rotary positions that is not SwiGLU without biases");
            Need(attention is { Latent: null, LearnedQueryKeyNorm: QueryKeyNormSpan.None },
                "latent attention, or normalized queries and keys, without experts");
            Need(!HasMultipliers(config), "multipliers without experts");
            return attention.SlidingWindow is null ? ModelFamily.Llama : ModelFamily.Mistral;
        }
        Need(!moe.RouterBias, "a router bias");
        Need(moe.Expert is { Gated: true, Activation: Activation.Silu, Bias: false }, "experts that are not SwiGLU without biases");
        Need(!attention.OutputBias, "experts with a bias on the output of attention");
        var family = OfMixture(config, moe);
        Need(attention.QueryKeyValueBias == (family == ModelFamily.Qwen2Moe), "experts with biases, or without those of Qwen2-MoE");
        Need(HasMultipliers(config) == (family == ModelFamily.GraniteMoe) || family == ModelFamily.DeepseekV2 && !Scales(config),
            "multipliers together with other properties");
        Need(moe.SharedExperts == 0 || family is ModelFamily.Qwen2Moe or ModelFamily.DeepseekV2, "shared experts without a gate");
        Need(moe is { FirstDenseLayers: 0, Period: 1 }
            || family is ModelFamily.Qwen2Moe or ModelFamily.Qwen3Moe || family == ModelFamily.DeepseekV2 && moe.Period == 1,
            "dense blocks beside those with experts");
        Need(attention.SlidingWindow is null || family == ModelFamily.Mixtral, "a sliding window");
        Need(moe.Routing is TopKSoftmaxRouting || family is not (ModelFamily.Mixtral or ModelFamily.GraniteMoe)
            && moe.Routing is SoftmaxTopKRouting routing && (routing.Scale == 1 || family == ModelFamily.DeepseekV2),
            "a routing other than that of its family: Mixtral's weights of a token's experts add up to one");
        return family;

        ModelFamily GptOss()
        {
            Need(config is { Positions.Kind: PositionKind.Rotary, Norm.Kind: NormKind.RmsNorm, HeadBias: false } && !HasMultipliers(config)
                && attention is
                {
                    SlidingWindow: not null, SlidingWindowPeriod: 2, QueryKeyValueBias: true, OutputBias: true, Latent: null,
                    LearnedQueryKeyNorm: QueryKeyNormSpan.None,
                }
                && config.MixtureOfExperts is
                {
                    RouterBias: true, Routing: TopKSoftmaxRouting, SharedExperts: 0, FirstDenseLayers: 0, Period: 1,
                    Expert: { Gated: true, Bias: true, Activation: Activation.ClampedSwiGlu },
                }, "attention sinks without all else that gpt-oss has");
            return ModelFamily.GptOss;
        }

        ModelFamily PhiMoe(MixtureOfExpertsConfig experts)
        {
            Need(config is { Norm: { Kind: NormKind.LayerNorm, Bias: true }, TiedHead: false } && !HasMultipliers(config)
                && attention is { Latent: null, LearnedQueryKeyNorm: QueryKeyNormSpan.None }
                && attention.QueryKeyValueBias == attention.OutputBias
                && experts is
                {
                    RouterBias: false, SharedExperts: 0, FirstDenseLayers: 0, Period: 1,
                    Expert: { Gated: true, Bias: false, Activation: Activation.Silu },
                }, "SparseMixer routing without all else that Phi-3.5-MoE has");
            return ModelFamily.PhiMoe;
        }

        void Need(bool holds, string what)
        {
            if (!holds)
                throw new NotSupportedException(
                    $"The model '{config.Name}' has {what}, which files of GPT-2, Llama, Mistral, Mixtral, Qwen2-MoE, Qwen3-MoE, OLMoE, " +
                        "Granite-MoE, DeepSeek-V2, gpt-oss and Phi-3.5-MoE cannot hold.");
        }
    }

    // What only one family has tells which it is.
    private static ModelFamily OfMixture(TransformerConfig config, MixtureOfExpertsConfig moe) => config.Attention switch
    {
        { Latent: not null } => ModelFamily.DeepseekV2,
        { LearnedQueryKeyNorm: QueryKeyNormSpan.Head } => ModelFamily.Qwen3Moe,
        { LearnedQueryKeyNorm: QueryKeyNormSpan.Projection } => ModelFamily.Olmoe,
        _ when moe.SharedGate => ModelFamily.Qwen2Moe,
        _ => HasMultipliers(config) ? ModelFamily.GraniteMoe : ModelFamily.Mixtral,
    };

    private static bool HasMultipliers(TransformerConfig config) => config.Attention.Scale is not null || Scales(config);

    private static bool Scales(TransformerConfig config) =>
        config is { EmbeddingMultiplier: not null } or { ResidualMultiplier: not null } or { LogitsScaling: not null };
}
