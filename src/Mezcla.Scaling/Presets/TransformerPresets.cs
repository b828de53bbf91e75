using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;

namespace Mezcla.Scaling.Presets;

/// <summary>
/// Published model shapes, from which parameters can be counted, costs estimated and models built. Shapes come from the models' papers,
/// cards and released configuration files; <see cref="ParameterCount"/> gives their published sizes. The shapes whose names begin with
/// <c>gpt4-rumour</c> are rumours.
/// </summary>
public static class TransformerPresets
{
    private static readonly NormConfig Rms = new(NormKind.RmsNorm, 1e-5f, Bias: false);
    private static readonly NormConfig Rms6 = new(NormKind.RmsNorm, 1e-6f, Bias: false);

    /// <summary>All presets, by name; small before large within a family.</summary>
    public static IReadOnlyList<TransformerConfig> All { get; } =
    [
        // Radford et al. 2019.
        Gpt("gpt2", 12, 768, 12, 64, 1024),
        Gpt("gpt2-medium", 24, 1024, 16, 64, 1024),
        Gpt("gpt2-large", 36, 1280, 20, 64, 1024),
        Gpt("gpt2-xl", 48, 1600, 25, 64, 1024),

        // Brown et al. 2020, table 2.1, as printed: XL's heads do not add up to its width, 13B's width is not a multiple of its heads.
        // Every other layer attends within a band there, which changes no parameter and is left out.
        Gpt("gpt3-small", 12, 768, 12, 64, 2048),
        Gpt("gpt3-medium", 24, 1024, 16, 64, 2048),
        Gpt("gpt3-large", 24, 1536, 16, 96, 2048),
        Gpt("gpt3-xl", 24, 2048, 24, 128, 2048),
        Gpt("gpt3-2.7b", 32, 2560, 32, 80, 2048),
        Gpt("gpt3-6.7b", 32, 4096, 32, 128, 2048),
        Gpt("gpt3-13b", 40, 5140, 40, 128, 2048),
        Gpt("gpt3-175b", 96, 12288, 96, 128, 2048),

        // Zhang et al. 2022: ReLU, and two unused rows in the position table.
        Gpt("opt-175b", 96, 12288, 96, 128, 2048, 50272, Activation.Relu) with { Positions = new() { ReservedRows = 2 } },

        Llama("llama-7b", 32, 4096, 32, 32, 11008, 32000, 2048, 1e4, norm: Rms6),
        Llama("llama-13b", 40, 5120, 40, 40, 13824, 32000, 2048, 1e4, norm: Rms6),
        Llama("llama-33b", 60, 6656, 52, 52, 17920, 32000, 2048, 1e4, norm: Rms6),
        Llama("llama-65b", 80, 8192, 64, 64, 22016, 32000, 2048, 1e4),

        Llama("llama2-7b", 32, 4096, 32, 32, 11008, 32000, 4096, 1e4),
        Llama("llama2-13b", 40, 5120, 40, 40, 13824, 32000, 4096, 1e4),
        Llama("llama2-70b", 80, 8192, 64, 8, 28672, 32000, 4096, 1e4),

        Llama("llama3-8b", 32, 4096, 32, 8, 14336, 128256, 8192, 5e5),
        Llama("llama3-70b", 80, 8192, 64, 8, 28672, 128256, 8192, 5e5),
        Llama("llama3.1-8b", 32, 4096, 32, 8, 14336, 128256, 131072, 5e5, new Llama3Scaling()),
        Llama("llama3.1-70b", 80, 8192, 64, 8, 28672, 128256, 131072, 5e5, new Llama3Scaling()),
        Llama("llama3.1-405b", 126, 16384, 128, 8, 53248, 128256, 131072, 5e5, new Llama3Scaling()),

        WithWindow(Llama("mistral-7b", 32, 4096, 32, 8, 14336, 32000, 32768, 1e4), 4096),

        // Chowdhery et al. 2022: no biases, so the layer norms have gains only;
        // multi-query; 3 matrices; attention and feed-forward in parallel.
        new()
        {
            Name = "palm-540b",
            VocabularySize = 256_000,
            ContextLength = 2048,
            Layers = 118,
            HiddenSize = 18432,
            Attention = new() { Heads = 48, KeyValueHeads = 1, HeadSize = 256 },
            FeedForward = new(4 * 18432, Activation.Silu, Gated: true),
            Positions = new(PositionKind.Rotary),
            Norm = new(NormKind.LayerNorm, 1e-6f, Bias: false),
            TiedHead = true,
            ParallelBlocks = true,
        },

        // Jiang et al. 2024 and the released parameter files.
        Llama("mixtral-8x7b", 32, 4096, 32, 8, 14336, 32000, 32768, 1e6, moe: Swiglu(8, 2, 14336)),
        Llama("mixtral-8x22b", 56, 6144, 48, 8, 16384, 32768, 65536, 1e6, moe: Swiglu(8, 2, 16384)),
        Llama("mixtral-8x22b-v32000", 56, 6144, 48, 8, 16384, 32000, 65536, 1e6, moe: Swiglu(8, 2, 16384)),

        // Dai et al. 2024; DeepSeek-AI 2024 (V2) and 2024 (V3). V3 predicts one more token with a module that is not counted here.
        Llama("deepseek-moe-16b", 28, 2048, 16, 16, 10944, 102400, 4096, 1e4, norm: Rms6,
            moe: Swiglu(64, 6, 1408, shared: 2, dense: 1) with { Routing = new SoftmaxTopKRouting() }),
        Latent("deepseek-v2-lite", 27, 2048, 16, 0, 10944, 102400,
            Swiglu(64, 6, 1408, shared: 2, dense: 1) with { Routing = new SoftmaxTopKRouting() }),
        Latent("deepseek-v2", 60, 5120, 128, 1536, 12288, 102400,
            Swiglu(160, 6, 1536, shared: 2, dense: 1) with { Routing = new SoftmaxTopKRouting { Scale = 16 } }),
        Latent("deepseek-v3", 61, 7168, 128, 1536, 18432, 129280, Swiglu(256, 8, 2048, shared: 1, dense: 3) with
        {
            Routing = new SigmoidRouting { Groups = 8, ChosenGroups = 4, Scale = 2.5f },
            Balance = new() { LoadBalancing = 0, BiasUpdate = 0.001f },
        }),

        GptOss("gpt-oss-20b", 24, 32),
        GptOss("gpt-oss-120b", 36, 128),

        // Meta 2025, the text models; the vision encoders make up the rest of the sizes on the card.
        Llama4("llama4-scout", 16, 1, 8192, new Llama3Scaling(16, 1, 1), queryKeyNorm: true),
        Llama4("llama4-maverick", 128, 2, 16384, null, queryKeyNorm: false),

        // Du et al. 2022: experts of two matrices in every second block, gated networks of three in the others.
        new()
        {
            Name = "glam-64b-64e",
            VocabularySize = 256_000,
            ContextLength = 1024,
            Layers = 64,
            HiddenSize = 8192,
            Attention = new() { Heads = 128, KeyValueHeads = 128, HeadSize = 128 },
            FeedForward = new(32768, Activation.Gelu, Gated: true),
            MixtureOfExperts = new()
            {
                Experts = 64,
                TopK = 2,
                Expert = new(32768, Activation.Gelu),
                Period = 2,
                Routing = new GShardRouting()
            },
            Positions = new(PositionKind.None),
            Norm = Rms6,
            TiedHead = true,
        },

        // RUMOUR. None of these numbers has been confirmed: 120 layers, 16 experts of 111 billion, 2 of them used by each token, 55 billion
        // shared. The width that gives both sizes is 10,752 = 84 heads of 128, with full attention and experts 4 times as wide.
        Gpt4Rumour("gpt4-rumour", 16, 10752, 84, 4 * 10752),

        // RUMOUR of a different kind: "8 times 220 billion", which says nothing about layers or widths. This is one layout with that sum,
        // in which the experts share only the attention: 120 layers, 55.5 billion of attention, 8 experts of 213 billion.
        Gpt4Rumour("gpt4-rumour-8x220b", 8, 10752, 84, 82560),
    ];

    /// <summary>The names that <see cref="Get"/> knows.</summary>
    public static IEnumerable<string> Names => All.Select(config => config.Name);

    /// <summary>The preset with this name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No preset has this name; the message lists the names that exist.</exception>
    public static TransformerConfig Get(string name) => Find(name)
        ?? throw new ArgumentException($"There is no preset named '{name}'. There are: {string.Join(", ", Names)}.", nameof(name));

    /// <summary>The preset with this name, or null; upper and lower case are the same.</summary>
    public static TransformerConfig? Find(string name) =>
        All.FirstOrDefault(config => config.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static TransformerConfig Gpt(
        string name, int layers, int width, int heads, int headSize, int context, int vocabulary = 50257,
        Activation activation = Activation.GeluTanh) => new()
        {
            Name = name,
            VocabularySize = vocabulary,
            ContextLength = context,
            Layers = layers,
            HiddenSize = width,
            Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = headSize, QueryKeyValueBias = true, OutputBias = true },
            FeedForward = new(4 * width, activation, Bias: true),
            TiedHead = true,
        };

    private static TransformerConfig Llama(
        string name, int layers, int width, int heads, int keyValueHeads, int wide, int vocabulary, int context, double theta,
        RotaryScaling? scaling = null, NormConfig? norm = null, MixtureOfExpertsConfig? moe = null) => new()
        {
            Name = name,
            VocabularySize = vocabulary,
            ContextLength = context,
            Layers = layers,
            HiddenSize = width,
            Attention = new() { Heads = heads, KeyValueHeads = keyValueHeads, HeadSize = width / heads },
            FeedForward = new(wide, Activation.Silu, Gated: true),
            MixtureOfExperts = moe,
            Positions = new(PositionKind.Rotary, theta, scaling),
            Norm = norm ?? Rms,
        };

    private static MixtureOfExpertsConfig Swiglu(int experts, int topK, int wide, int shared = 0, int dense = 0, int period = 1) => new()
    {
        Experts = experts,
        TopK = topK,
        Expert = new(wide, Activation.Silu, Gated: true),
        SharedExperts = shared,
        FirstDenseLayers = dense,
        Period = period,
    };

    private static TransformerConfig WithWindow(TransformerConfig config, int window) =>
        config with { Attention = config.Attention with { SlidingWindow = window } };

    private static TransformerConfig Latent(
        string name, int layers, int width, int heads, int queryRank, int wide, int vocabulary, MixtureOfExpertsConfig moe)
    {
        // A query/key head is 128 + 64 wide; the last 64 are rotary and use a key that all heads share. A value head is 128 wide.
        TransformerConfig config = Llama(name, layers, width, heads, heads, wide, vocabulary, 163_840, 1e4, new YarnScaling(40, 4096), Rms6,
            moe);
        return config with { Attention = config.Attention with { HeadSize = 192, Latent = new(queryRank, 512, 128, 64, 128) } };
    }

    private static TransformerConfig GptOss(string name, int layers, int experts) => new()
    {
        Name = name,
        VocabularySize = 201_088,
        ContextLength = 131_072,
        Layers = layers,
        HiddenSize = 2880,
        Attention = new()
        {
            Heads = 64,
            KeyValueHeads = 8,
            HeadSize = 64,
            QueryKeyValueBias = true,
            OutputBias = true,
            SlidingWindow = 128,
            SlidingWindowPeriod = 2,
            Sinks = true,
        },
        FeedForward = new(2880, Activation.ClampedSwiGlu, Gated: true, Bias: true),
        MixtureOfExperts = new()
        {
            Experts = experts,
            TopK = 4,
            Expert = new(2880, Activation.ClampedSwiGlu, Gated: true, Bias: true),
            RouterBias = true
        },
        Positions = new(PositionKind.Rotary, 150_000, new YarnScaling(32, 4096)),
        Norm = Rms,
    };

    private static TransformerConfig Llama4(string name, int experts, int period, int denseWide, RotaryScaling? scaling, bool queryKeyNorm)
    {
        TransformerConfig config = Llama(
            name, 48, 5120, 40, 8, denseWide, 202_048, 1_048_576, 5e5, scaling,
            moe: Swiglu(experts, 1, 8192, shared: 1,
                period: period) with
            { Routing = new SigmoidRouting { Normalize = false, WeighInput = true } });
        return config with
        {
            Attention = config.Attention with { QueryKeyNorm = queryKeyNorm },
            Positions = config.Positions with { NoPositionPeriod = 4 },
        };
    }

    private static TransformerConfig Gpt4Rumour(string name, int experts, int width, int heads, int wide) => new()
    {
        Name = name,
        VocabularySize = 100_277,
        ContextLength = 8192,
        Layers = 120,
        HiddenSize = width,
        Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = width / heads },
        FeedForward = new(wide, Activation.Gelu),
        MixtureOfExperts = new() { Experts = experts, TopK = 2, Expert = new(wide, Activation.Gelu) },
        Positions = new(PositionKind.Rotary),
        Norm = Rms,
        TiedHead = true,
    };
}
