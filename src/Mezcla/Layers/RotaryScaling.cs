using System.Text.Json.Serialization;

namespace Mezcla.Layers;

/// <summary>A method of stretching rotary wavelengths for contexts longer than the one that they were trained on.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LinearScaling), "linear")]
[JsonDerivedType(typeof(Llama3Scaling), "llama3")]
[JsonDerivedType(typeof(YarnScaling), "yarn")]
[JsonDerivedType(typeof(DynamicScaling), "dynamic")]
[JsonDerivedType(typeof(LongRopeScaling), "longrope")]
public abstract record RotaryScaling
{
    /// <summary>Texts with equal numbers here share their angles; 0 for texts of the shortest kind.</summary>
    internal virtual int Variant(int length) => 0;
}

/// <summary>Position interpolation (Chen et al. 2023): all wavelengths are multiplied by the factor.</summary>
/// <param name="Factor">The factor of the stretch.</param>
public sealed record LinearScaling(double Factor) : RotaryScaling;

/// <summary>
/// Llama 3.1's method: long wavelengths are multiplied by the factor, short ones are kept, those between are interpolated.
/// </summary>
/// <param name="Factor">The factor of the stretch.</param>
/// <param name="LowFrequencyFactor">Wavelengths above original / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below original / this are kept.</param>
/// <param name="OriginalContext">Context length of the original training.</param>
public sealed record Llama3Scaling(double Factor = 8, double LowFrequencyFactor = 1, double HighFrequencyFactor = 4,
    int OriginalContext = 8192) : RotaryScaling;

/// <summary>YaRN (Peng et al. 2023) as in gpt-oss: a ramp between rotation counts, and a temperature on the attention logits.</summary>
/// <param name="Factor">The factor of the stretch.</param>
/// <param name="OriginalContext">Context length of the original training.</param>
/// <param name="Alpha">Dimensions that turn fewer times than this in the original context are stretched in full.</param>
/// <param name="Beta">Dimensions that turn more often than this are kept.</param>
/// <param name="Truncate">Whether the ramp begins and ends at whole dimensions, as in llama.cpp and most models but gpt-oss.</param>
/// <param name="Magnitude">What multiplies the rotated vectors; null for 0.1·ln(factor) + 1.</param>
public sealed record YarnScaling(double Factor, int OriginalContext, double Alpha = 1, double Beta = 32, bool Truncate = false,
    double? Magnitude = null) : RotaryScaling;

/// <summary>
/// Dynamic NTK scaling (bloc97 and emozilla 2023): in a text of n tokens, more than the original context of c, the base θ is multiplied by
/// (factor·n/c − (factor − 1))^(h/(h − 2)). The angles change with the length of the text; keys in a cache keep those of the length at
/// which they were made, as in Hugging Face's library.
/// </summary>
/// <param name="Factor">The factor of the stretch.</param>
/// <param name="OriginalContext">Context length of the original training, c.</param>
public sealed record DynamicScaling(double Factor, int OriginalContext) : RotaryScaling
{
    internal override int Variant(int length) => length > OriginalContext ? length : 0;
}

/// <summary>
/// LongRoPE (Ding et al. 2024): each wavelength is multiplied by a factor of its own, found by search; texts longer than the original
/// context have other factors than short ones.
/// </summary>
/// <param name="Short">A factor for each pair, in texts up to the original context.</param>
/// <param name="Long">A factor for each pair, in longer texts.</param>
/// <param name="OriginalContext">Context length of the original training.</param>
/// <param name="Magnitude">A factor on the rotated vectors.</param>
public sealed record LongRopeScaling(IReadOnlyList<double> Short, IReadOnlyList<double> Long, int OriginalContext, double Magnitude = 1)
    : RotaryScaling
{
    internal override int Variant(int length) => length > OriginalContext ? 1 : 0;

    /// <summary>Whether all numbers are the same.</summary>
    public bool Equals(LongRopeScaling? other) => other is not null && Short.SequenceEqual(other.Short) && Long.SequenceEqual(other.Long)
        && OriginalContext == other.OriginalContext && Magnitude == other.Magnitude;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Short.Count, OriginalContext, Magnitude);
}
