using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>A storage format for weights. Its bits per weight include scales and minima.</summary>
/// <param name="Name">Its usual name.</param>
/// <param name="BitsPerWeight">Stored bits for one weight.</param>
/// <param name="Layout">Where the bits come from.</param>
public sealed record WeightFormat(string Name, double BitsPerWeight, string Layout)
{
    /// <summary>All known formats, widest first.</summary>
    public static IReadOnlyList<WeightFormat> All { get; } =
    [
        new("FP32", 32, "IEEE single"),
        new("FP16", 16, "IEEE half"),
        new("BF16", 16, "upper half of a single"),
        new("FP8", 8, "E4M3 or E5M2, scales apart"),
        new("INT8", 8, "scales apart"),
        new("Q8_0", 8.5, "32 values and a half: 34 bytes"),
        new("Q6_K", 6.5625, "256 values: 210 bytes"),
        new("Q5_1", 6, "32 values, half scale and minimum: 24 bytes"),
        new("Q5_0", 5.5, "32 values and a half: 22 bytes"),
        new("Q5_K", 5.5, "256 values: 176 bytes"),
        new("Q4_1", 5, "32 values, half scale and minimum: 20 bytes"),
        new("Q4_0", 4.5, "32 values and a half: 18 bytes"),
        new("Q4_K", 4.5, "256 values: 144 bytes"),
        new("NVFP4", 4.5, "16 values of 4 bits and a scale of 8"),
        new("MXFP4", 4.25, "32 values of 4 bits and a shared exponent: 17 bytes"),
        new("NF4", 4.5, "64 values of 4 bits and a single"),
        new("NF4-DQ", 4 + 8.0 / 64 + 32.0 / (64 * 256), "NF4 whose scales are quantized again"),
        new("Q3_K", 3.4375, "256 values: 110 bytes"),
        new("Q2_K", 2.625, "256 values: 84 bytes"),
        new("TQ2_0", 2.0625, "256 ternary values: 66 bytes"),
        new("TQ1_0", 1.6875, "256 ternary values: 54 bytes"),
    ];

    /// <summary>The format with this name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No format has this name; the message lists the names that exist.</exception>
    public static WeightFormat Get(string name) =>
        All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"There is no weight format '{name}'. There are: {string.Join(", ", All.Select(format => format.Name))}.", nameof(name));

    /// <summary>Bytes of <paramref name="weights"/> weights.</summary>
    public double Bytes(double weights) => weights * BitsPerWeight / 8;

    /// <summary>
    /// Bytes of a model that stores the matrices of its experts in one format and everything else, biases included, in another. gpt-oss is
    /// published in this way (MXFP4 and BF16).
    /// </summary>
    public static double Bytes(TransformerConfig config, WeightFormat experts, WeightFormat rest)
    {
        double matrices = 0;
        if (config.MixtureOfExperts is { } moe)
        {
            var sparse = Enumerable.Range(0, config.Layers).Count(config.IsMixtureOfExperts);
            matrices = (double)sparse * moe.Experts * FlopCount.Matrices(moe.Expert) * config.HiddenSize * moe.Expert.IntermediateSize;
        }

        return experts.Bytes(matrices) + rest.Bytes(ParameterCount.Of(config).Total - matrices);
    }
}
