namespace Mezcla.Scaling.Laws;

/// <summary>L(x) = (scale/x)^exponent: a straight line if both axes are logarithmic.</summary>
/// <param name="Scale">The x at which the loss would be 1.</param>
/// <param name="Exponent">Minus the slope of that line.</param>
/// <param name="Source">The paper and the equation.</param>
public sealed record PowerLaw(double Scale, double Exponent, string Source)
{
    /// <summary>The loss at <paramref name="x"/>.</summary>
    public double Evaluate(double x) => Math.Pow(Scale / x, Exponent);

    /// <summary>The x that gives <paramref name="loss"/>.</summary>
    public double Solve(double loss) => Scale / Math.Pow(loss, 1 / Exponent);
}

/// <summary>N = coefficient·C^exponent, and D = C/(6N): how to split compute, without a prediction of the loss.</summary>
/// <param name="Name">What the law is called.</param>
/// <param name="Source">The paper, the table, and what was recomputed.</param>
/// <param name="Coefficient">The value of N at C = 1 FLOP; it has no meaning by itself.</param>
/// <param name="Exponent">How fast the size grows with compute: a in N ∝ C^a.</param>
public sealed record FrontierLaw(string Name, string Source, double Coefficient, double Exponent) : IAllocationLaw
{
    /// <inheritdoc/>
    public Allocation Optimal(double compute)
    {
        var parameters = Coefficient * Math.Pow(compute, Exponent);
        return new(compute, parameters, compute / (6 * parameters));
    }

    /// <summary>The compute at which <paramref name="parameters"/> is the best size, in FLOPs.</summary>
    public double ComputeFor(double parameters) => Math.Pow(parameters / Coefficient, 1 / Exponent);
}

/// <summary>D = coefficient·C^exponent, and N = C/(6D).</summary>
/// <param name="Name">What the law is called.</param>
/// <param name="Source">The paper and the equation.</param>
/// <param name="Coefficient">The value of D at C = 1 FLOP; it has no meaning by itself.</param>
/// <param name="Exponent">How fast the data grows with compute.</param>
public sealed record TokenLaw(string Name, string Source, double Coefficient, double Exponent) : IAllocationLaw
{
    /// <summary>
    /// Llama 3's law, with the two digits that the paper prints. They give 10.5 trillion tokens at 3.8e25 FLOPs, but the paper says 16.55
    /// trillion, which needs an exponent of 0.538. The rounding explains the difference.
    /// </summary>
    public static TokenLaw Llama3 { get; } = new("Llama 3",
        "Grattafiori et al. 2024, section 3.2.1: D = 0.29·C^0.53 (exponent as rounded there)", 0.29, 0.53);

    /// <inheritdoc/>
    public Allocation Optimal(double compute)
    {
        var tokens = Coefficient * Math.Pow(compute, Exponent);
        return new(compute, compute / (6 * tokens), tokens);
    }
}
