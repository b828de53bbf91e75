using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Weights.Tests;

/// <summary>Small models in the shapes of open mixtures. In each everything is switched on that its family has.</summary>
internal static class SmallMixtures
{
    public static readonly string[] Names =
        ["qwen2-moe", "qwen3-moe", "olmoe", "granite-moe", "deepseek-v2", "deepseek-v2-lite", "gpt-oss", PhiMoe];

    /// <summary>The family that llama.cpp computes otherwise than its paper, so that it has no GGUF file here.</summary>
    public const string PhiMoe = "phi-moe";

    /// <summary>A model; a wide one has rows that llama.cpp computes with its fast kernels.</summary>
    public static TransformerConfig Get(string name, bool wide = false)
    {
        var llama = wide ? ModelFileTests.Wide(experts: true) : WeightMapTests.Mixtral;
        var moe = new MixtureOfExpertsConfig
        {
            Experts = 6,
            TopK = 3,
            Expert = llama.FeedForward with { IntermediateSize = llama.FeedForward.IntermediateSize / 2 },
            Routing = new SoftmaxTopKRouting(),
        };
        var config = llama with { Name = name, MixtureOfExperts = moe, Positions = new(PositionKind.Rotary, 50_000) };
        return name switch
        {
            "qwen2-moe" => config with
            {
                Attention = config.Attention with { QueryKeyValueBias = true },
                MixtureOfExperts = moe with { SharedExperts = 2, SharedGate = true },
            },
            "qwen3-moe" => config with
            {
                Attention = config.Attention with { LearnedQueryKeyNorm = QueryKeyNormSpan.Head },
                MixtureOfExperts = moe with { Routing = new TopKSoftmaxRouting() },
            },
            "olmoe" => config with
            {
                Attention = config.Attention with { KeyValueHeads = 4, LearnedQueryKeyNorm = QueryKeyNormSpan.Projection },
                FeedForward = moe.Expert,
            },
            "granite-moe" => config with
            {
                Attention = config.Attention with { Scale = 0.09f },
                FeedForward = moe.Expert,
                MixtureOfExperts = moe with { Routing = new TopKSoftmaxRouting() },
                EmbeddingMultiplier = 3,
                ResidualMultiplier = 0.4f,
                LogitsScaling = 1.5f,
                TiedHead = true,
            },
            "gpt-oss" => config with
            {
                Attention = config.Attention with
                {
                    QueryKeyValueBias = true,
                    OutputBias = true,
                    SlidingWindow = 4,
                    SlidingWindowPeriod = 2,
                    Sinks = true,
                },
                FeedForward = moe.Expert,
                MixtureOfExperts = moe with
                {
                    Routing = new TopKSoftmaxRouting(),
                    RouterBias = true,
                    Expert = moe.Expert with { Activation = Activation.ClampedSwiGlu, Bias = true },
                },
                Positions = config.Positions with { Scaling = new YarnScaling(4, 16, Truncate: true) },
            },
            PhiMoe => config with
            {
                Attention = config.Attention with { QueryKeyValueBias = true, OutputBias = true },
                FeedForward = moe.Expert,
                MixtureOfExperts = moe with { TopK = 2, Routing = new SparseMixerRouting { Jitter = 0.2f } },
                Norm = new(NormKind.LayerNorm),
                HeadBias = true,
                Positions = config.Positions with
                {
                    Scaling = new LongRopeScaling(Factors(config, 0.5), Factors(config, 3), 6, 1.2),
                },
            },
            // llama.cpp knows the lite model, whose queries are not compressed, by its number of layers.
            "deepseek-v2-lite" => Deepseek(config, moe, new(0, 32, 16, 8, 24)) with { Layers = wide ? 27 : 3 },
            "deepseek-v2" => Deepseek(config, moe with { Routing = new SoftmaxTopKRouting { Scale = 1.5f } }, new(48, 32, 16, 8, 24)),
            _ => throw new ArgumentException(name),
        };
    }

    /// <summary>A model with random weights; its gains and biases are neither one nor zero.</summary>
    public static Transformer Model(TransformerConfig config, float deviation)
    {
        var model = new Transformer(config with { InitializerRange = deviation }, new RandomStream(11));
        var random = new Random(5);
        // The biases of experts are so large that some of what they add to is clamped.
        foreach (var (name, tensor) in model.NamedParameters())
            if (tensor.Rank == 1 || name.EndsWith("bias", StringComparison.Ordinal))
                Module.Assign(tensor, [.. tensor.ToArray().Select(v =>
                    v + (name.EndsWith("up.bias", StringComparison.Ordinal) ? 14 : 0.3f) * (float)(random.NextDouble() - 0.5))]);
        return model;
    }

    private static double[] Factors(TransformerConfig config, double most) =>
        [.. Enumerable.Range(0, config.Attention.HeadSize / 2).Select(i => 1 + most * i / config.Attention.HeadSize)];

    private static TransformerConfig Deepseek(TransformerConfig config, MixtureOfExpertsConfig moe, LatentAttentionConfig latent)
    {
        var scaling = new YarnScaling(4, 16, Truncate: true, Magnitude: 1);
        return config with
        {
            Attention = new()
            {
                Heads = 4,
                KeyValueHeads = 4,
                HeadSize = latent.NopeHeadSize + latent.RopeHeadSize,
                Latent = latent,
                Scale = DeepseekScale.Of(scaling, 0.707, latent),
            },
            Positions = config.Positions with { Scaling = scaling },
            MixtureOfExperts = moe with { FirstDenseLayers = 1, SharedExperts = 2 },
        };
    }
}
