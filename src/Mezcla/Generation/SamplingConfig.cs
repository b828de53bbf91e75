namespace Mezcla.Generation;

/// <summary>
/// How the next token is drawn from the model's distribution. Filters apply in this order: repetition, temperature, top-k, top-p, min-p.
/// </summary>
public sealed record SamplingConfig
{
    /// <summary>The logits are divided by this. 0 always takes the most likely token (greedy); ties go to the smaller id.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps only the k most likely tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps only the most likely tokens that together reach this probability (Holtzman et al. 2020); 1 for all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps only tokens whose probability is at least this share of the largest one; 0 for all.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Positive logits of tokens that occurred before are divided by this, negative ones multiplied (Keskar et al. 2019); 1 for no penalty.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Seed of the draws.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Greedy decoding.</summary>
    public static SamplingConfig Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Throws if a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names the setting and the value.</exception>
    public void Validate()
    {
        if (Temperature < 0 || !float.IsFinite(Temperature))
            throw new ArgumentException($"A temperature of {Temperature} is not possible: it must be 0 or more.");
        if (TopK < 0)
            throw new ArgumentException($"Top-k of {TopK} is not possible: it must be 0 (all) or more.");
        if (TopP is not (> 0 and <= 1))
            throw new ArgumentException($"Top-p of {TopP} is not possible: it must be above 0 and at most 1.");
        if (MinP is not (>= 0 and <= 1))
            throw new ArgumentException($"Min-p of {MinP} is not possible: it must lie between 0 and 1.");
        if (RepetitionPenalty <= 0 || !float.IsFinite(RepetitionPenalty))
            throw new ArgumentException($"A repetition penalty of {RepetitionPenalty} is not possible: it must be positive.");
    }
}
