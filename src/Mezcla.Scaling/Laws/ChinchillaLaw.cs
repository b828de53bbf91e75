namespace Mezcla.Scaling.Laws;

/// <summary>L(N, D) = E + A/N^α + B/D^β (Hoffmann et al. 2022, equation 2): the irreducible loss, a term for the finite model size, and a
/// term for the finite data.</summary>
/// <param name="Name">What the law is called.</param>
/// <param name="Source">The paper, and the source of the constants.</param>
/// <param name="Irreducible">E: the entropy of text under this tokenizer, in nats per token.</param>
/// <param name="ParameterCoefficient">A.</param>
/// <param name="ParameterExponent">α.</param>
/// <param name="TokenCoefficient">B.</param>
/// <param name="TokenExponent">β.</param>
public sealed record ChinchillaLaw(
    string Name, string Source, double Irreducible, double ParameterCoefficient, double ParameterExponent, double TokenCoefficient,
    double TokenExponent)
    : ILossLaw
{
    /// <summary>Approach 3 with all digits of A, B, E and the exponents, as in the paper's TeX source. They give the 40 billion parameters
    /// that the paper reports for Gopher's compute.</summary>
    public static ChinchillaLaw Hoffmann { get; } = new("Hoffmann", "Hoffmann et al. 2022, approach 3, digits of the paper's TeX source",
        Math.Exp(0.5267228), Math.Exp(6.0073404), 0.33917084, Math.Exp(6.0179186), 0.2849083);

    /// <summary>Approach 3 as printed (equation 10). The rounding changes the best size for Gopher's compute from 40 to 32 billion
    /// parameters.</summary>
    public static ChinchillaLaw HoffmannRounded { get; } = new("Hoffmann, rounded", "Hoffmann et al. 2022, equation 10, as printed",
        1.69, 406.4, 0.34, 410.7, 0.28);

    /// <summary>The refit of Hoffmann's points that agrees with approaches 1 and 2.</summary>
    public static ChinchillaLaw Besiroglu { get; } = new("Besiroglu",
        "Besiroglu et al. 2024, table 1: refit of 240 points read off Hoffmann's figure 4",
        1.8172, 482.01, 0.3478, 2085.43, 0.3658);

    /// <summary>a in N ∝ C^a: β/(α+β).</summary>
    public double SizeExponent => TokenExponent / (ParameterExponent + TokenExponent);

    /// <summary>b in D ∝ C^b: α/(α+β).</summary>
    public double DataExponent => ParameterExponent / (ParameterExponent + TokenExponent);

    private double G => Math.Pow(
        ParameterExponent * ParameterCoefficient / (TokenExponent * TokenCoefficient), 1 / (ParameterExponent + TokenExponent));

    /// <inheritdoc/>
    public double Evaluate(double parameters, double tokens) =>
        Irreducible + ParameterCoefficient * Math.Pow(parameters, -ParameterExponent) + TokenCoefficient * Math.Pow(tokens, -TokenExponent);

    /// <summary>The minimum of the law at 6·N·D = <paramref name="compute"/>, in closed form (equation 4).</summary>
    public Allocation Optimal(double compute)
    {
        double parameters = G * Math.Pow(compute / 6, SizeExponent), tokens = Math.Pow(compute / 6, DataExponent) / G;
        return new(compute, parameters, tokens, Evaluate(parameters, tokens));
    }

    /// <summary>The budget at which <paramref name="parameters"/> is the best size.</summary>
    public Allocation OptimalForSize(double parameters) => Optimal(6 * Math.Pow(parameters / G, 1 / SizeExponent));

    /// <summary>Tokens that bring a model of <paramref name="parameters"/> to
    /// <paramref name="loss"/>; infinite if no amount is enough.</summary>
    public double TokensForLoss(double parameters, double loss)
    {
        var left = loss - Irreducible - ParameterCoefficient * Math.Pow(parameters, -ParameterExponent);
        return left <= 0 ? double.PositiveInfinity : Math.Pow(TokenCoefficient / left, 1 / TokenExponent);
    }
}
