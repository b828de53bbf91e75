using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Laws;

/// <summary>The best expert model for a budget.</summary>
/// <param name="Compute">FLOPs, routing included.</param>
/// <param name="Parameters">All parameters but embeddings.</param>
/// <param name="Tokens">Training tokens.</param>
/// <param name="Granularity">G: the number of smaller experts that each expert is split into.</param>
/// <param name="Loss">Nats per token.</param>
public sealed record GranularAllocation(double Compute, double Parameters, double Tokens, int Granularity, double Loss);

/// <summary>
/// Krajewski et al. 2024 (arXiv:2402.07871): L = c + (g/G^γ + a)/N^α + b/D^β for models whose experts are split into G smaller ones. N
/// counts all parameters except embeddings, of a model with 64 times the dense feed-forward size; this is 43 times the number that one
/// token uses.
/// </summary>
public sealed record KrajewskiLaw
{
    private const int Expansion = 64;

    /// <summary>The constants of table 1.</summary>
    public static KrajewskiLaw Mixture { get; } = new();

    /// <summary>The law of their dense models, L = c + a/N^α + b/D^β.</summary>
    public static ChinchillaLaw Dense { get; } = new("Krajewski, dense", "Krajewski et al. 2024, table 1", 0.47, 16.3, 0.126, 26.7, 0.127);

    /// <summary>c, in nats per token.</summary>
    public double Irreducible { get; init; } = 0.47;

    /// <summary>a.</summary>
    public double ParameterCoefficient { get; init; } = 18.1;

    /// <summary>α.</summary>
    public double ParameterExponent { get; init; } = 0.115;

    /// <summary>b.</summary>
    public double TokenCoefficient { get; init; } = 30.8;

    /// <summary>β.</summary>
    public double TokenExponent { get; init; } = 0.147;

    /// <summary>g.</summary>
    public double GranularityCoefficient { get; init; } = 2.1;

    /// <summary>γ.</summary>
    public double GranularityExponent { get; init; } = 0.58;

    /// <summary>Loss in nats per token of <paramref name="parameters"/> (all of them, embeddings left out) at this granularity.</summary>
    public double Evaluate(double parameters, double tokens, double granularity) => Irreducible
        + (GranularityCoefficient / Math.Pow(granularity, GranularityExponent) + ParameterCoefficient) / Math.Pow(parameters,
            ParameterExponent)
        + TokenCoefficient / Math.Pow(tokens, TokenExponent);

    /// <summary>The ratio of all parameters to those that a token uses, d²(8·64+4)L to 12·d²·L: 43.</summary>
    public static double TotalFromActive(double active) => active * (8 * Expansion + 4) / 12;

    /// <summary>
    /// FLOPs for one token, (12·d²·6 + d·64·G·14)·L: the second term is the router's. The width follows from the size with the paper's
    /// ratio of 64 between width and number of layers.
    /// </summary>
    public static double ComputePerToken(double parameters, double granularity)
    {
        double width = Math.Cbrt(64 * parameters / (8 * Expansion + 4)), layers = width / 64;
        return (12 * width * width * 6 + width * Expansion * granularity * 14) * layers;
    }

    /// <summary>The best size, data and granularity (a power of two up to 1024) for <paramref name="compute"/> FLOPs.</summary>
    public GranularAllocation Optimal(double compute) =>
        Enumerable.Range(0, 11).Select(power => OptimalAt(compute, 1 << power)).MinBy(allocation => allocation.Loss)!;

    /// <summary>The best size and data at a given granularity.</summary>
    public GranularAllocation OptimalAt(double compute, int granularity)
    {
        double Tokens(double size) => compute / ComputePerToken(size, granularity);
        var best = Math.Exp(Search.Minimum(
            logSize => Evaluate(Math.Exp(logSize), Tokens(Math.Exp(logSize)), granularity), Math.Log(1e5), Math.Log(compute / 1e5)));
        return new(compute, best, Tokens(best), granularity, Evaluate(best, Tokens(best), granularity));
    }
}
