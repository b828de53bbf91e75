namespace Mezcla.Tensors;

/// <summary>The mask, scale and layout of attention.</summary>
public readonly record struct AttentionOptions()
{
    /// <summary>Whether a query sees only keys at or before its own position.</summary>
    public bool Causal { get; init; }

    /// <summary>A query at position p sees only keys after p - window (Beltagy et al., arXiv:2004.05150); null for no limit.</summary>
    public int? Window { get; init; }

    /// <summary>The factor by which scores are multiplied; null for 1/√headSize.</summary>
    public float? Scale { get; init; }

    /// <summary>
    /// One logit for each head [heads] that takes part in the softmax but has no value, so that a head can attend to nothing (gpt-oss).
    /// </summary>
    public Tensor? Sinks { get; init; }

    /// <summary>The position of the first query, where key 0 has position 0; null to place the last query at the last key.</summary>
    public int? QueryOffset { get; init; }

    /// <summary>How many keys, from the first, are used, for a cache that is not full; null for all.</summary>
    public int? KeyLength { get; init; }

    /// <summary>Whether the axes, also those of the result, are [batch, time, heads, size] instead of [batch, heads, time, size].</summary>
    public bool TimeFirst { get; init; }
}
