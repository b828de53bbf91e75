using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Laws;

/// <summary>How low precision in one place (weights, activations or cache) reduces the effective parameters: a share 1 - exp(-P/γ + n)
/// remains at P bits.</summary>
/// <param name="Gamma">γ, in bits.</param>
/// <param name="Offset">n, the offset inside the exponent that the main text leaves out.</param>
public sealed record PrecisionSensitivity(double Gamma, double Offset)
{
    /// <summary>The share of parameters that remains at <paramref name="bits"/>; 0 where the formula would be negative.</summary>
    public double Remaining(double bits, bool withOffset = true) => Math.Max(0, 1 - Math.Exp(-bits / Gamma + (withOffset ? Offset : 0)));
}

/// <summary>
/// Kumar et al. 2024 (arXiv:2411.04330): L = A·N_eff^-α + B·D^-β + E + δ, where training with few bits acts like having fewer parameters
/// and δ is the loss that quantization after training adds. It was fitted to 465 runs of 30 to 220 million parameters; its authors warn
/// that the constants do not carry over.
/// </summary>
public sealed record PrecisionLaw
{
    /// <summary>The constants of table 2.</summary>
    public static PrecisionLaw Kumar { get; } = new();

    /// <summary>A.</summary>
    public double ParameterCoefficient { get; init; } = 4.299e3;

    /// <summary>B.</summary>
    public double TokenCoefficient { get; init; } = 1.806e4;

    /// <summary>α = β.</summary>
    public double Exponent { get; init; } = 0.4965;

    /// <summary>E, in nats per token.</summary>
    public double Irreducible { get; init; } = 2.7648;

    /// <summary>Sensitivity to the bits of weights.</summary>
    public PrecisionSensitivity Weights { get; init; } = new(2.6745, 0.3037);

    /// <summary>Sensitivity to the bits of activations.</summary>
    public PrecisionSensitivity Activations { get; init; } = new(2.2102, 1.4072);

    /// <summary>Sensitivity to the bits of the key/value cache.</summary>
    public PrecisionSensitivity KeyValues { get; init; } = new(0.9578, 2.4185);

    /// <summary>C_T of δ.</summary>
    public double QuantizationCoefficient { get; init; } = 0.0598;

    /// <summary>γ_D of δ: how it grows with data.</summary>
    public double QuantizationTokenExponent { get; init; } = 0.5068;

    /// <summary>γ_N of δ: how it falls with size.</summary>
    public double QuantizationParameterExponent { get; init; } = 0.3439;

    /// <summary>γ_post and b of δ. The plus sign of b is assumed by analogy with the other terms and has not been verified.</summary>
    public PrecisionSensitivity Quantization { get; init; } = new(0.5907, 1.1277);

    /// <summary>N_eff/N with weights, activations and key/value cache at these bits.</summary>
    public double EffectiveShare(double weightBits, double activationBits, double keyValueBits, bool withOffsets = true) =>
        Weights.Remaining(weightBits, withOffsets) * Activations.Remaining(activationBits, withOffsets) * KeyValues.Remaining(keyValueBits,
            withOffsets);

    /// <summary>Loss after training with everything at <paramref name="bits"/>.</summary>
    public double Evaluate(double parameters, double tokens, double bits) => Irreducible
        + ParameterCoefficient * Math.Pow(parameters * EffectiveShare(bits, bits, bits), -Exponent) + TokenCoefficient * Math.Pow(tokens,
            -Exponent);

    /// <summary>δ: loss added by quantizing the weights of a trained model to
    /// <paramref name="bits"/>. It grows with the data seen.</summary>
    public double PostTrainingLoss(double parameters, double tokens, double bits) => QuantizationCoefficient
        * Math.Pow(tokens, QuantizationTokenExponent) / Math.Pow(parameters, QuantizationParameterExponent)
        * Math.Exp(-bits / Quantization.Gamma + Quantization.Offset);

    /// <summary>Tokens beyond which more training makes the quantized model worse (equation 13, with the offset of δ).</summary>
    public double CriticalTokens(double parameters, double bits) => Math.Pow(
        Exponent * TokenCoefficient * Math.Pow(parameters,
            QuantizationParameterExponent) * Math.Exp(bits / Quantization.Gamma - Quantization.Offset)
            / (QuantizationTokenExponent * QuantizationCoefficient),
        1 / (QuantizationTokenExponent + Exponent));

    /// <summary>
    /// The bits at which to train when size, data and precision share one budget C = (6/16)·N·D·P. As α = β, these are the bits at which
    /// the remaining share of parameters per bit is greatest, whatever the budget: 7.00 bits with the offsets, 3.47 without.
    /// </summary>
    public double OptimalBits(bool withOffsets = true) =>
        Search.Minimum(bits => -EffectiveShare(bits, bits, bits, withOffsets) / bits, 1, 32);

    /// <summary>Training compute at <paramref name="bits"/>, in FLOPs of 16 bits: (6/16)·N·D·P.</summary>
    public static double Compute(double parameters, double tokens, double bits) => 6.0 / 16 * parameters * tokens * bits;
}
