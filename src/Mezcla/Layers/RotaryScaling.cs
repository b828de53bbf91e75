using System.Text.Json.Serialization;

namespace Mezcla.Layers;

/// <summary>A method of stretching rotary wavelengths for contexts longer than the one that they were trained on.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LinearScaling), "linear")]
[JsonDerivedType(typeof(Llama3Scaling), "llama3")]
[JsonDerivedType(typeof(YarnScaling), "yarn")]
public abstract record RotaryScaling;

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
