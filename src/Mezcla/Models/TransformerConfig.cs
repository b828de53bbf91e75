using System.Text.Json.Serialization;
using Mezcla.MixtureOfExperts;

namespace Mezcla.Models;

/// <summary>
/// The shape of a decoder-only transformer. One record can describe GPT-2, Llama, Mistral, Mixtral, DeepSeek-style models and GPT-4 as
/// rumoured. It allocates no tensors.
/// </summary>
public sealed record TransformerConfig
{
    /// <summary>A readable name, such as <c>gpt2</c>.</summary>
    public string Name { get; init; } = "custom";

    /// <summary>Number of token ids, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence the model accepts, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Number of transformer blocks, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The attention of each block: its heads, how they share keys and values, and its window.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>The dense feed-forward network of a block.</summary>
    public required FeedForwardConfig FeedForward { get; init; }

    /// <summary>
    /// The Mixture of Experts that replaces the dense feed-forward network in some or all blocks; null for a dense model.
    /// </summary>
    public MixtureOfExpertsConfig? MixtureOfExperts { get; init; }

    /// <summary>How the model is told the position of a token.</summary>
    public PositionConfig Positions { get; init; } = new();

    /// <summary>The normalization before each sublayer and before the head.</summary>
    public NormConfig Norm { get; init; } = new();

    /// <summary>Whether the output head is the token embedding, transposed (GPT-2), or a matrix of its own (Llama).</summary>
    public bool TiedHead { get; init; }

    /// <summary>Whether a head of its own has a bias (Phi-3.5-MoE).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HeadBias { get; init; }

    /// <summary>
    /// Whether attention and feed-forward read the same normalized input and their outputs are added
    /// together (PaLM), with one norm for each block.
    /// </summary>
    public bool ParallelBlocks { get; init; }

    /// <summary>The factor on token embeddings (Granite); null for 1.</summary>
    public float? EmbeddingMultiplier { get; init; }

    /// <summary>The factor on what each sublayer adds to the residual stream (Granite); null for 1.</summary>
    public float? ResidualMultiplier { get; init; }

    /// <summary>The number by which logits are divided (Granite); null for 1.</summary>
    public float? LogitsScaling { get; init; }

    /// <summary>Probability of dropout in training, applied to the embedding and to each sublayer's output.</summary>
    public float Dropout { get; init; }

    /// <summary>
    /// Standard deviation of the initial weights. GPT-2 uses 0.02 (Radford et al. 2019, section 2.3) at a width of 768; a narrow model
    /// starts to learn much sooner with about 1/√<see cref="HiddenSize"/>.
    /// </summary>
    public float InitializerRange { get; init; } = 0.02f;

    /// <summary>Whether block <paramref name="layer"/> (from 0) has a Mixture of Experts.</summary>
    public bool IsMixtureOfExperts(int layer) => MixtureOfExperts is { } moe && layer >= moe.FirstDenseLayers
        && (layer - moe.FirstDenseLayers) % moe.Period == moe.Period - 1;
}
