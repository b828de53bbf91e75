using System.Text.Json.Serialization;

namespace Mezcla.Layers;

/// <summary>The vectors that a norm of queries and keys covers.</summary>
public enum QueryKeyNormSpan
{
    /// <summary>There is no such norm.</summary>
    None,

    /// <summary>Each head; all heads share one gain (Qwen3).</summary>
    Head,

    /// <summary>All heads of a token together (OLMoE).</summary>
    Projection,
}

/// <summary>The attention of a block. Heads are query heads; several of them may share one head of keys and values.</summary>
public sealed record AttentionConfig
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>
    /// Number of key/value heads: equal to <see cref="Heads"/> for multi-head attention, 1 for multi-query, and a
    /// number between for grouped-query attention.
    /// </summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head, h.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Whether the query, key and value projections have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Key j is visible to query i only if i - window &lt; j; null for all earlier keys.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>
    /// The window applies in layers whose number (from 0) is divisible by this; the others see all
    /// earlier keys. 1 for all layers, 2 for gpt-oss.
    /// </summary>
    public int SlidingWindowPeriod { get; init; } = 1;

    /// <summary>Whether queries and keys are divided by their root mean square, without weights, after rotation (Llama 4 Scout).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>The RMS norm with learned gains that queries and keys get before rotation (Henry et al. 2020, with RMS norm).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public QueryKeyNormSpan LearnedQueryKeyNorm { get; init; }

    /// <summary>The factor on the scores; null for 1/√<see cref="HeadSize"/>. Granite calls it the attention multiplier.</summary>
    public float? Scale { get; init; }

    /// <summary>Whether each head has a learned logit that takes part in the softmax and is then dropped (gpt-oss).</summary>
    public bool Sinks { get; init; }

    /// <summary>Multi-head latent attention (DeepSeek-V2); null for ordinary attention.</summary>
    public LatentAttentionConfig? Latent { get; init; }
}
