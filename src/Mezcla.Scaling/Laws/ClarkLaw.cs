namespace Mezcla.Scaling.Laws;

/// <summary>
/// Clark et al. 2022 (arXiv:2202.01169), at 130 billion tokens: log10 L = a·log10 N + b·log10 Ê + c·log10 N·log10 Ê + d, where N is the
/// size of the dense model that an expert model extends and Ê a saturating count of experts. Constants as rounded in table 3.
/// </summary>
/// <param name="Name">The router: S-BASE, RL-R or HASH.</param>
/// <param name="Size">a.</param>
/// <param name="Experts">b.</param>
/// <param name="Interaction">c: it is above zero, so experts help large models less.</param>
/// <param name="Constant">d.</param>
/// <param name="Start">E_start: Ê of a dense model.</param>
/// <param name="Most">E_max: the limit that Ê approaches.</param>
public sealed record ClarkLaw(string Name, double Size, double Experts, double Interaction, double Constant, double Start, double Most)
{
    /// <summary>Sinkhorn-BASE routing.</summary>
    public static ClarkLaw SBase { get; } = new("S-BASE", -0.082, -0.108, 0.009, 1.104, 1.847, 314.478);

    /// <summary>Routing by reinforcement learning.</summary>
    public static ClarkLaw Reinforcement { get; } = new("RL-R", -0.083, -0.126, 0.012, 1.111, 1.880, 469.982);

    /// <summary>Routing by a hash of the token.</summary>
    public static ClarkLaw Hash { get; } = new("HASH", -0.087, -0.136, 0.012, 1.157, 4.175, 477.741);

    /// <summary>Their dense models.</summary>
    public static PowerLaw Dense { get; } = new(3.568e13, 0.078, "Clark et al. 2022");

    /// <summary>Ê, the effective number of experts: 1/Ê = 1/(E - 1 + 1/(1/E_start - 1/E_max)) + 1/E_max.</summary>
    public double EffectiveExperts(double experts) => 1 / (1 / (experts - 1 + 1 / (1 / Start - 1 / Most)) + 1 / Most);

    /// <summary>Loss in nats per token.</summary>
    public double Evaluate(double parameters, double experts)
    {
        double n = Math.Log10(parameters), e = Math.Log10(EffectiveExperts(experts));
        return Math.Pow(10, Size * n + Experts * e + Interaction * n * e + Constant);
    }

    /// <summary>The size of the dense model (one expert) that has the same loss.</summary>
    public double DenseEquivalent(double parameters, double experts)
    {
        var one = Math.Log10(EffectiveExperts(1));
        return Math.Pow(10, (Math.Log10(Evaluate(parameters, experts)) - Experts * one - Constant) / (Size + Interaction * one));
    }

    /// <summary>The size beyond which experts stop helping, 10^(-b/c). It depends strongly on the rounding of the constants.</summary>
    public double Cutoff => Math.Pow(10, -Experts / Interaction);
}
