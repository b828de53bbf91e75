namespace Mezcla.Layers;

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

/// <summary>How the model is told the positions of tokens.</summary>
/// <param name="Kind">Learned, rotary or none.</param>
/// <param name="Theta">Base of the rotary wavelengths.</param>
/// <param name="Scaling">How wavelengths are stretched for long contexts; null for not at all.</param>
/// <param name="NoPositionPeriod">One layer in this many has no rotation (Llama 4: 4); 0 if every layer rotates.</param>
public sealed record PositionConfig(PositionKind Kind = PositionKind.Learned, double Theta = 10_000, RotaryScaling? Scaling = null,
    int NoPositionPeriod = 0)
{
    /// <summary>Rows at the start of the learned table that no position of a sequence uses (OPT: 2).</summary>
    public int ReservedRows { get; init; }
}
