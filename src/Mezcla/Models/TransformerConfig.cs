using System.Text.Json.Serialization;
using Mezcla.MixtureOfExperts;
using Mezcla.Tensors;

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

    /// <summary>The Mixture of Experts that replaces the dense feed-forward network in some or all blocks; null for a dense model.</summary>
    public MixtureOfExpertsConfig? MixtureOfExperts { get; init; }

    /// <summary>How a token learns its position.</summary>
    public PositionConfig Positions { get; init; } = new();

    /// <summary>The normalization before each sublayer and before the head.</summary>
    public NormConfig Norm { get; init; } = new();

    /// <summary>Whether the output head is the token embedding, transposed (GPT-2), or a matrix of its own (Llama).</summary>
    public bool TiedHead { get; init; }

    /// <summary>Whether attention and feed-forward read the same normalized input and are added together (PaLM), with one norm a block.</summary>
    public bool ParallelBlocks { get; init; }

    /// <summary>Probability that an activation is dropped in training, on the embedding and on each sublayer's output.</summary>
    public float Dropout { get; init; }

    /// <summary>
    /// Standard deviation of fresh weights. 0.02 is GPT-2's (Radford et al. 2019, section 2.3), made for a width of 768; a narrow model starts to learn much sooner
    /// with about 1/√<see cref="HiddenSize"/>.
    /// </summary>
    public float InitializerRange { get; init; } = 0.02f;

    /// <summary>Whether block <paramref name="layer"/> (from 0) holds a Mixture of Experts.</summary>
    public bool IsMixtureOfExperts(int layer) => MixtureOfExperts is { } moe && layer >= moe.FirstDenseLayers
        && (layer - moe.FirstDenseLayers) % moe.Period == moe.Period - 1;
}

/// <summary>Attention of a block. Heads are counted for queries; keys and values may be shared between them.</summary>
public sealed record AttentionConfig
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads: equal to <see cref="Heads"/> for multi-head, 1 for multi-query, between for grouped-query attention.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head, h.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Whether the query, key and value projections have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Key j is visible to query i only if i - window &lt; j; null for all earlier keys.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>The window holds in layers whose number (from 0) is divisible by this; the others see everything. 1 for all layers, 2 for gpt-oss.</summary>
    public int SlidingWindowPeriod { get; init; } = 1;

    /// <summary>Whether queries and keys are divided by their root mean square, without weights, after rotation (Llama 4 Scout).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether each head has a learned logit that takes part in the softmax and is then dropped (gpt-oss).</summary>
    public bool Sinks { get; init; }

    /// <summary>Multi-head latent attention (DeepSeek-V2); null for the usual kind.</summary>
    public LatentAttentionConfig? Latent { get; init; }
}

/// <summary>Ranks and head parts of multi-head latent attention (DeepSeek-V2, section 2.1).</summary>
/// <param name="QueryRank">Rank of the compressed query; 0 for a full query projection.</param>
/// <param name="KeyValueRank">Rank of the compressed keys and values, which is what the cache holds.</param>
/// <param name="NopeHeadSize">Part of a query/key head without rotary positions.</param>
/// <param name="RopeHeadSize">Part of a query/key head with them; its key is shared by all heads.</param>
/// <param name="ValueHeadSize">Width of a value head.</param>
public sealed record LatentAttentionConfig(int QueryRank, int KeyValueRank, int NopeHeadSize, int RopeHeadSize, int ValueHeadSize);

/// <summary>The nonlinearity of a feed-forward network.</summary>
public enum Activation
{
    /// <summary>x·Φ(x), exact.</summary>
    Gelu,

    /// <summary>The tanh approximation of GELU that GPT-2 uses.</summary>
    GeluTanh,

    /// <summary>x·σ(x); gated, it makes SwiGLU.</summary>
    Silu,

    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>A feed-forward network: two matrices, or three where <paramref name="Gated"/>.</summary>
/// <param name="IntermediateSize">Width between the matrices.</param>
/// <param name="Activation">The nonlinearity.</param>
/// <param name="Gated">Whether the activated half is multiplied by a second linear half (SwiGLU, GeGLU; Shazeer 2020).</param>
/// <param name="Bias">Whether the matrices have biases.</param>
public sealed record FeedForwardConfig(int IntermediateSize, Activation Activation = Activation.GeluTanh, bool Gated = false, bool Bias = false);

/// <summary>A Mixture of Experts in place of a dense feed-forward network.</summary>
public sealed record MixtureOfExpertsConfig
{
    /// <summary>Number of routed experts, E.</summary>
    public required int Experts { get; init; }

    /// <summary>Number of routed experts that a token uses, k.</summary>
    public required int TopK { get; init; }

    /// <summary>The network of one routed expert.</summary>
    public required FeedForwardConfig Expert { get; init; }

    /// <summary>Experts that every token uses; together they are one network of this many times the expert's width.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Whether the router's linear map has a bias.</summary>
    public bool RouterBias { get; init; }

    /// <summary>
    /// What the router computes in: float32 (Switch Transformer, section 2.4), or bfloat16 to see what that costs: its inputs, weights and logits are then rounded.
    /// </summary>
    public DType RouterPrecision { get; init; }

    /// <summary>Blocks at the start that stay dense (DeepSeek).</summary>
    public int FirstDenseLayers { get; init; }

    /// <summary>Every how many blocks one has experts: 1 for all, 2 for every second (GLaM, Llama 4 Maverick).</summary>
    public int Period { get; init; } = 1;

    /// <summary>How tokens choose experts.</summary>
    public Routing Routing { get; init; } = new TopKSoftmaxRouting();

    /// <summary>What keeps the load even in training.</summary>
    public BalanceConfig Balance { get; init; } = new();

    /// <summary>The most tokens an expert takes; null for dropless.</summary>
    public CapacityConfig? Capacity { get; init; }
}

/// <summary>The kind of position information.</summary>
public enum PositionKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>A learned vector for each position, added to the token's (GPT-2).</summary>
    Learned,

    /// <summary>Rotation of queries and keys by an angle proportional to the position (Su et al. 2021).</summary>
    Rotary,
}

/// <summary>How positions enter.</summary>
/// <param name="Kind">Learned, rotary or none.</param>
/// <param name="Theta">Base of the rotary wavelengths.</param>
/// <param name="Scaling">How wavelengths are stretched for long contexts; null for not at all.</param>
/// <param name="NoPositionPeriod">Every how many layers one has no rotation (Llama 4: 4); 0 for never.</param>
public sealed record PositionConfig(PositionKind Kind = PositionKind.Learned, double Theta = 10_000, RotaryScaling? Scaling = null, int NoPositionPeriod = 0)
{
    /// <summary>Rows at the start of the learned table that no position of a sequence uses (OPT: 2).</summary>
    public int ReservedRows { get; init; }
}

/// <summary>A way to stretch rotary wavelengths beyond the context they were trained on.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Llama3Scaling), "llama3")]
[JsonDerivedType(typeof(YarnScaling), "yarn")]
public abstract record RotaryScaling;

/// <summary>Llama 3.1's: long wavelengths are multiplied by the factor, short ones kept, those between blended.</summary>
/// <param name="Factor">The stretch.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original / this are kept.</param>
/// <param name="OriginalContext">Context of the first training.</param>
public sealed record Llama3Scaling(double Factor = 8, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalContext = 8192) : RotaryScaling;

/// <summary>YaRN (Peng et al. 2023) as in gpt-oss: a ramp between rotation counts, and a temperature on the attention logits.</summary>
/// <param name="Factor">The stretch.</param>
/// <param name="OriginalContext">Context of the first training.</param>
/// <param name="Alpha">Dimensions that turn fewer times than this in the original context are stretched in full.</param>
/// <param name="Beta">Dimensions that turn more often than this are kept.</param>
public sealed record YarnScaling(double Factor, int OriginalContext, double Alpha = 1, double Beta = 32) : RotaryScaling;

/// <summary>The kind of normalization.</summary>
public enum NormKind
{
    /// <summary>Mean removed, variance one, weight and bias (Ba et al. 2016).</summary>
    LayerNorm,

    /// <summary>Root mean square one, weight only (Zhang and Sennrich 2019).</summary>
    RmsNorm,
}

/// <summary>The normalization of every sublayer.</summary>
/// <param name="Kind">Layer norm or RMS norm.</param>
/// <param name="Epsilon">Added to the variance or mean square.</param>
/// <param name="Bias">Whether layer norm has a bias.</param>
public sealed record NormConfig(NormKind Kind = NormKind.LayerNorm, float Epsilon = 1e-5f, bool Bias = true);
