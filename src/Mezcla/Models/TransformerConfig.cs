using Mezcla.MixtureOfExperts;

namespace Mezcla.Models;

/// <summary>
/// The shape of a decoder-only transformer: one record describes GPT-2, Llama, Mistral, Mixtral, DeepSeek-style models and
/// GPT-4 as rumoured. It allocates nothing.
/// </summary>
public sealed record TransformerConfig
{
    /// <summary>A name for people, such as <c>gpt2</c>.</summary>
    public string Name { get; init; } = "custom";

    /// <summary>Number of token ids, V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence the model accepts, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Number of transformer blocks, L.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Attention heads, their sharing and their window.</summary>
    public required AttentionConfig Attention { get; init; }

    /// <summary>The dense feed-forward network of a block.</summary>
    public required FeedForwardConfig FeedForward { get; init; }

    /// <summary>The Mixture of Experts that replaces the dense feed-forward network
    /// in some or all blocks; null for a dense model.</summary>
    public MixtureOfExpertsConfig? MixtureOfExperts { get; init; }

    /// <summary>How a token learns its position.</summary>
    public PositionConfig Positions { get; init; } = new();

    /// <summary>The normalization before each sublayer and before the head.</summary>
    public NormConfig Norm { get; init; } = new();

    /// <summary>Whether the output head is the token embedding, transposed (GPT-2), or a matrix of its own (Llama).</summary>
    public bool TiedHead { get; init; }

    /// <summary>Whether attention and feed-forward read the same normalized input and
    /// are added together (PaLM), with one norm a block.</summary>
    public bool ParallelBlocks { get; init; }

    /// <summary>Probability that an activation is dropped in training, on the embedding and on each sublayer's output.</summary>
    public float Dropout { get; init; }

    /// <summary>
    /// Standard deviation of fresh weights. 0.02 is GPT-2's (Radford et al. 2019, section 2.3), made for a width of 768; a narrow model
    /// starts to learn much sooner with about 1/√<see cref="HiddenSize"/>.
    /// </summary>
    public float InitializerRange { get; init; } = 0.02f;

    /// <summary>Whether block <paramref name="layer"/> (from 0) holds a Mixture of Experts.</summary>
    public bool IsMixtureOfExperts(int layer) => MixtureOfExperts is { } moe && layer >= moe.FirstDenseLayers
        && (layer - moe.FirstDenseLayers) % moe.Period == moe.Period - 1;
}
