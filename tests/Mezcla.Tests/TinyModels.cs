using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Tests;

/// <summary>Small models of every kind, for tests.</summary>
internal static class TinyModels
{
    public static TransformerConfig Gpt { get; } = new()
    {
        Name = "gpt",
        VocabularySize = 31,
        ContextLength = 24,
        Layers = 2,
        HiddenSize = 16,
        Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 4, QueryKeyValueBias = true, OutputBias = true },
        FeedForward = new(32, Bias: true),
        TiedHead = true,
    };

    public static TransformerConfig Llama { get; } = Gpt with
    {
        Name = "llama",
        Attention = new() { Heads = 4, KeyValueHeads = 2, HeadSize = 4 },
        FeedForward = new(24, Activation.Silu, Gated: true),
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm),
        TiedHead = false,
    };

    public static TransformerConfig Mistral { get; } = Llama with
    {
        Name = "mistral",
        Attention = Llama.Attention with { SlidingWindow = 5 }
    };

    public static TransformerConfig Palm { get; } = Llama with
    {
        Name = "palm",
        ParallelBlocks = true,
        Attention = new() { Heads = 4, KeyValueHeads = 1, HeadSize = 4 },
        TiedHead = true
    };

    public static TransformerConfig Mixtral { get; } = Llama with
    {
        Name = "mixtral",
        MixtureOfExperts = new() { Experts = 4, TopK = 2, Expert = new(12, Activation.Silu, Gated: true) },
    };

    public static TransformerConfig DeepSeek { get; } = Llama with
    {
        Name = "deepseek",
        Layers = 3,
        Attention = new() { Heads = 2, KeyValueHeads = 2, HeadSize = 8, Latent = new(6, 8, 4, 4, 6) },
        MixtureOfExperts = new()
        {
            Experts = 8,
            TopK = 2,
            Expert = new(6, Activation.Silu, Gated: true),
            SharedExperts = 1,
            FirstDenseLayers = 1,
            Routing = new SigmoidRouting { Groups = 4, ChosenGroups = 2, Scale = 2.5f },
            Balance = new() { LoadBalancing = 0, BiasUpdate = 0.001f },
        },
    };

    public static TransformerConfig GptOss { get; } = Llama with
    {
        Name = "gpt-oss",
        Attention = new()
        {
            Heads = 4,
            KeyValueHeads = 2,
            HeadSize = 4,
            SlidingWindow = 3,
            SlidingWindowPeriod = 2,
            Sinks = true,
            QueryKeyValueBias = true,
            OutputBias = true
        },
        Positions = new(PositionKind.Rotary, 150_000, new YarnScaling(32, 16)),
        MixtureOfExperts = new() { Experts = 4, TopK = 2, Expert = new(10, Activation.Silu, Gated: true, Bias: true), RouterBias = true },
    };

    public static TransformerConfig Llama31 { get; } = Llama with
    {
        Name = "llama3.1",
        Positions = new(PositionKind.Rotary, 500, new Llama3Scaling(8, 1, 4, 16))
    };

    public static TransformerConfig Llama4 { get; } = Llama with
    {
        Name = "llama4",
        Layers = 4,
        Attention = Llama.Attention with { QueryKeyNorm = true },
        Positions = new(PositionKind.Rotary, NoPositionPeriod: 4),
        MixtureOfExperts = new()
        {
            Experts = 4,
            TopK = 1,
            Expert = new(12, Activation.Silu, Gated: true),
            SharedExperts = 1,
            Period = 2,
            Routing = new SigmoidRouting { Normalize = false, WeighInput = true },
        },
    };

    public static IReadOnlyList<TransformerConfig> All { get; } = [Gpt, Llama, Llama31, Mistral, Palm, Mixtral, DeepSeek, GptOss, Llama4];

    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    public static TransformerConfig Named(string name) => All.Single(c => c.Name == name);

    /// <summary>A model whose weights are large enough that its outputs differ visibly.</summary>
    public static Transformer Create(TransformerConfig config, ulong seed = 1)
    {
        var model = new Transformer(config, new RandomStream(seed));
        foreach (var (_, tensor) in model.NamedParameters())
            if (tensor.Rank >= 2)
                Module.Assign(tensor, [.. tensor.ToArray().Select(w => w * 10)]);
        return model;
    }

    public static int[] Ids(int count, int vocabulary = 31, ulong seed = 5)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt(vocabulary))];
    }
}
