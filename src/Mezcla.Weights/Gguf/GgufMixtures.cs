using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights.Gguf;

/// <summary>What the metadata of llama.cpp's architectures of open mixtures say beyond llama's: qwen2moe, qwen3moe, olmoe, granitemoe,
/// deepseek2 and gpt-oss.</summary>
internal static class GgufMixtures
{
    private static readonly Dictionary<string, ModelFamily> Architectures = new()
    {
        ["qwen2moe"] = ModelFamily.Qwen2Moe,
        ["qwen3moe"] = ModelFamily.Qwen3Moe,
        ["olmoe"] = ModelFamily.Olmoe,
        ["granitemoe"] = ModelFamily.GraniteMoe,
        ["deepseek2"] = ModelFamily.DeepseekV2,
        ["gpt-oss"] = ModelFamily.GptOss,
    };

    /// <summary>The family that an architecture names; null if it is none of these.</summary>
    public static ModelFamily? Family(string architecture) => Architectures.TryGetValue(architecture, out var family) ? family : null;

    /// <summary>The architecture of a family; null if it is none of these.</summary>
    public static string? ArchitectureOf(ModelFamily family) => Architectures.FirstOrDefault(a => a.Value == family).Key;

    /// <summary>Adds what a family has beyond Llama to what it has in common with it.</summary>
    /// <exception cref="InvalidDataException">A setting is missing, or is not supported.</exception>
    public static TransformerConfig Read(GgufMetadata metadata, ModelFamily family, TransformerConfig basis)
    {
        var prefix = ArchitectureOf(family) + ".";
        var moe = basis.MixtureOfExperts
            ?? throw new InvalidDataException($"{prefix}expert_count is missing: the architecture needs experts.");
        moe = moe with { Routing = Normalizes(family) ? new TopKSoftmaxRouting() : new SoftmaxTopKRouting() };
        int Size(string key, int? otherwise = null) => GgufConfig.Size(metadata, prefix + key, otherwise);
        float Factor(string key) => (float)metadata.GetNumber(prefix + key, 0);
        MixtureOfExpertsConfig Narrow(int otherwise) =>
            moe with { Expert = moe.Expert with { IntermediateSize = Size("expert_feed_forward_length", otherwise) } };
        var wide = basis.FeedForward.IntermediateSize;
        switch (family)
        {
            case ModelFamily.Qwen2Moe:
                var experts = Narrow(Math.Max(1, wide / moe.TopK));
                var shared = Size("expert_shared_feed_forward_length", wide);
                return basis with
                {
                    MixtureOfExperts = experts with
                    {
                        SharedGate = true,
                        SharedExperts = HuggingFace.HuggingFaceMixtures.SharedCount(shared, experts.Expert.IntermediateSize),
                    },
                };
            case ModelFamily.Qwen3Moe:
                return basis with
                {
                    Attention = basis.Attention with { LearnedQueryKeyNorm = QueryKeyNormSpan.Head },
                    MixtureOfExperts = Narrow(Math.Max(1, wide / moe.TopK)),
                };
            case ModelFamily.Olmoe:
                return basis with
                {
                    Attention = basis.Attention with { LearnedQueryKeyNorm = QueryKeyNormSpan.Projection },
                    MixtureOfExperts = moe,
                };
            case ModelFamily.GraniteMoe:
                if (metadata.Contains(prefix + "expert_shared_feed_forward_length"))
                    throw new InvalidDataException("Granite-MoE with shared experts is not supported.");
                return basis with
                {
                    // llama.cpp takes 0 for "no factor".
                    Attention = basis.Attention with
                    {
                        Scale = Factor("attention.scale") is not 0 and var scale ? scale : 1 / MathF.Sqrt(basis.Attention.HeadSize),
                    },
                    EmbeddingMultiplier = Factor("embedding_scale") is not 0 and var embedding ? embedding : 1,
                    ResidualMultiplier = Factor("residual_scale") is not 0 and var residual ? residual : 1,
                    LogitsScaling = (float)metadata.GetNumber(prefix + "logit_scale"),
                    MixtureOfExperts = moe,
                };
            case ModelFamily.GptOss:
                return basis with
                {
                    Attention = basis.Attention with
                    {
                        SlidingWindow = Size("attention.sliding_window", 128),
                        SlidingWindowPeriod = 2,
                        Sinks = true,
                    },
                    MixtureOfExperts = Narrow(wide) is var oss ? oss with
                    {
                        RouterBias = true,
                        Expert = oss.Expert with { Activation = Activation.ClampedSwiGlu, Bias = true },
                    } : null,
                };
            default:
                return Deepseek(metadata, prefix, basis, Narrow(wide), Size);
        }
    }

    /// <summary>Adds the settings of a family to those of Llama.</summary>
    /// <exception cref="NotSupportedException">llama.cpp computes such a model in another way.</exception>
    public static void Write(Action<string, object> add, ModelFamily family, TransformerConfig config)
    {
        var moe = config.MixtureOfExperts!;
        if (family != ModelFamily.DeepseekV2)
        {
            if (moe.Routing is TopKSoftmaxRouting != Normalizes(family))
                throw new NotSupportedException($"llama.cpp's {ArchitectureOf(family)} " + (Normalizes(family)
                    ? "makes the weights of a token's experts add up to one."
                    : "does not normalize the weights of experts."));
            if (moe is not { FirstDenseLayers: 0, Period: 1 })
                throw new NotSupportedException($"llama.cpp's {ArchitectureOf(family)} has experts in every block.");
        }
        switch (family)
        {
            case ModelFamily.Qwen2Moe or ModelFamily.Qwen3Moe or ModelFamily.GptOss:
                add("expert_feed_forward_length", (uint)moe.Expert.IntermediateSize);
                if (family == ModelFamily.Qwen2Moe)
                    add("expert_shared_feed_forward_length", (uint)(moe.SharedExperts * moe.Expert.IntermediateSize));
                break;
            case ModelFamily.Olmoe:
                if (config.Attention.KeyValueHeads != config.Attention.Heads)
                    throw new NotSupportedException("llama.cpp's olmoe has as many key heads as query heads.");
                break;
            case ModelFamily.GraniteMoe:
                add("attention.scale", config.Attention.Scale ?? 0);
                add("embedding_scale", config.EmbeddingMultiplier ?? 1);
                add("residual_scale", config.ResidualMultiplier ?? 1);
                add("logit_scale", config.LogitsScaling ?? 1);
                break;
            default:
                WriteDeepseek(add, config, moe, config.Attention.Latent!);
                break;
        }
    }

    private static bool Normalizes(ModelFamily family) => family is ModelFamily.Qwen3Moe or ModelFamily.GraniteMoe or ModelFamily.GptOss;

    private static TransformerConfig Deepseek(GgufMetadata metadata, string prefix, TransformerConfig basis, MixtureOfExpertsConfig moe,
        Func<string, int?, int> size)
    {
        if (metadata.GetInteger(prefix + "expert_gating_func", 1) is not (0 or 1))
            throw new InvalidDataException($"{prefix}expert_gating_func asks for a router that is not a softmax, which is not supported.");
        if (metadata.GetInteger(prefix + "expert_group_count", 1) > 1)
            throw new InvalidDataException("experts in groups are not supported for deepseek2.");
        int rope = size("rope.dimension_count", null), rank = size("attention.kv_lora_rank", null);
        var joined = !metadata.Contains(prefix + "attention.key_length_mla");
        var key = size(joined ? "attention.key_length" : "attention.key_length_mla", null);
        var value = size(joined ? "attention.value_length" : "attention.value_length_mla", null);
        if (key <= rope)
            throw new InvalidDataException($"heads of {key} numbers cannot have {rope} rotated ones and others.");
        var latent = new LatentAttentionConfig(
            metadata.Contains(prefix + "attention.q_lora_rank") ? size("attention.q_lora_rank", null) : 0, rank, key - rope, rope, value);
        var factor = (float)metadata.GetNumber(prefix + "expert_weights_scale", 1);
        var normalized = metadata.GetBoolean(prefix + "expert_weights_norm", false);
        if (normalized && factor is not (0 or 1))
            throw new InvalidDataException("normalized weights of experts that are then scaled are not supported.");
        var scaling = basis.Positions.Scaling;
        // The converter of llama.cpp writes a tenth of it.
        var multiplier = 10 * metadata.GetNumber(prefix + "rope.scaling.yarn_log_multiplier", 0);
        if (scaling is YarnScaling yarn)
            scaling = multiplier != 0 ? yarn with { Magnitude = 1 }
                : throw new InvalidDataException($"{prefix}rope.scaling.yarn_log_multiplier is missing, which is not supported.");
        return basis with
        {
            Attention = basis.Attention with
            {
                KeyValueHeads = basis.Attention.Heads,
                HeadSize = key,
                Latent = latent,
                Scale = DeepseekScale.Of(scaling, Math.Round(multiplier, 4), latent),
            },
            Positions = basis.Positions with { Scaling = scaling },
            MixtureOfExperts = moe with
            {
                FirstDenseLayers = (int)Math.Clamp(metadata.GetInteger(prefix + "leading_dense_block_count", 0), 0, 10_000),
                SharedExperts = (int)Math.Clamp(metadata.GetInteger(prefix + "expert_shared_count", 0), 0, 1 << 16),
                Routing = normalized ? new TopKSoftmaxRouting() : new SoftmaxTopKRouting { Scale = factor == 0 ? 1 : factor },
            },
        };
    }

    private static void WriteDeepseek(Action<string, object> add, TransformerConfig config, MixtureOfExpertsConfig moe,
        LatentAttentionConfig latent)
    {
        if (latent.QueryRank > 0)
            add("attention.q_lora_rank", (uint)latent.QueryRank);
        add("attention.kv_lora_rank", (uint)latent.KeyValueRank);
        add("attention.key_length_mla", (uint)(latent.NopeHeadSize + latent.RopeHeadSize));
        add("attention.value_length_mla", (uint)latent.ValueHeadSize);
        add("leading_dense_block_count", (uint)moe.FirstDenseLayers);
        add("expert_feed_forward_length", (uint)moe.Expert.IntermediateSize);
        add("expert_shared_count", (uint)moe.SharedExperts);
        add("expert_weights_scale", (moe.Routing as SoftmaxTopKRouting)?.Scale ?? 1);
        add("expert_weights_norm", moe.Routing is TopKSoftmaxRouting);
        add("expert_gating_func", 1u);
        if (config.Positions.Scaling is YarnScaling)
            add("rope.scaling.yarn_log_multiplier", (float)(0.1 * DeepseekScale.Multiplier(config)));
    }
}
