namespace Mezcla.Scaling.Laws;

/// <summary>
/// The laws of Kaplan et al. 2020. Losses are nats per token on WebText2 with GPT-2's vocabulary, N leaves out embeddings, and compute is
/// in PF-days where the paper uses them. Every equation has its own constants, which must not be used in another equation.
/// </summary>
public static class Kaplan
{
    /// <summary>One petaFLOP/s for a day, in FLOPs.</summary>
    public const double PetaflopDay = 8.64e19;

    /// <summary>L(N): enough data, trained to convergence (equation 1.1).</summary>
    public static PowerLaw OfParameters { get; } = new(8.8e13, 0.076, "Kaplan et al. 2020, equation 1.1");

    /// <summary>L(D): a large model with early stopping (equation 1.2).</summary>
    public static PowerLaw OfTokens { get; } = new(5.4e13, 0.095, "Kaplan et al. 2020, equation 1.2");

    /// <summary>L(C_min), compute in PF-days, with everything chosen well (equation 1.3).</summary>
    public static PowerLaw OfCompute { get; } = new(3.1e8, 0.050, "Kaplan et al. 2020, equation 1.3");

    /// <summary>L(C), compute in PF-days, at one fixed batch size; the mantissa of the scale is from memory and has not been
    /// checked.</summary>
    public static PowerLaw OfComputeAtFixedBatch { get; } = new(1.6e7, 0.057, "Kaplan et al. 2020, table 5");

    /// <summary>L(N, D) with the constants of its own fit.</summary>
    public static KaplanJointLaw Joint { get; } = new(6.4e13, 0.076, 1.8e13, 0.103);

    /// <summary>L(N, S): the learning curve in optimizer steps.</summary>
    public static KaplanStepLaw Steps { get; } = new(6.5e13, 0.077, 2.1e3, 0.76);

    /// <summary>αC predicted from the other exponents, 1/(1/αS + 1/αB + 1/αN): 0.052 to 0.054 depending on which αN enters.</summary>
    public static double ComputeExponent(double parameterExponent, double batchExponent = 0.21, double stepExponent = 0.76) =>
        1 / (1 / stepExponent + 1 / batchExponent + 1 / parameterExponent);

    /// <summary>The critical batch size in tokens, beyond which a larger batch saves few steps: B*/L^(1/αB).</summary>
    public static double CriticalBatch(double loss) => 2e8 / Math.Pow(loss, 1 / 0.21);

    /// <summary>The steps that would be enough with an unlimited batch size, given <paramref name="steps"/> at <paramref name="batch"/>
    /// tokens.</summary>
    public static double MinimumSteps(double steps, double batch, double criticalBatch) => steps / (1 + criticalBatch / batch);

    /// <summary>The compute that would be enough with a very small batch, given <paramref name="compute"/> at <paramref name="batch"/>
    /// tokens.</summary>
    public static double MinimumCompute(double compute, double batch, double criticalBatch) => compute / (1 + batch / criticalBatch);

    /// <summary>Tokens that keep overfitting small: 5,000·N^0.74.</summary>
    public static double TokensAgainstOverfitting(double parameters) => 5e3 * Math.Pow(parameters, 0.74);

    /// <summary>Parameters of blocks of width <paramref name="width"/>, embeddings left out: 12·L·d².</summary>
    public static double NonEmbeddingParameters(int layers, double width) => 12.0 * layers * width * width;

    /// <summary>How far above the converged loss, as a share of it, compute-optimal training stops: αN/αS, about a tenth.</summary>
    public static double EfficientStop => Steps.ParameterExponent / Steps.StepExponent;
}

/// <summary>L(N, D) = [(Nc/N)^(αN/αD) + Dc/D]^αD (Kaplan et al. 2020, equation 1.5); its optimum is the paper's own N = 1.3e9·C^0.73, with
/// C in PF-days.</summary>
/// <param name="ParameterScale">Nc.</param>
/// <param name="ParameterExponent">αN.</param>
/// <param name="TokenScale">Dc.</param>
/// <param name="TokenExponent">αD.</param>
public sealed record KaplanJointLaw(double ParameterScale, double ParameterExponent, double TokenScale, double TokenExponent) : ILossLaw
{
    /// <inheritdoc/>
    public string Name => "Kaplan";

    /// <inheritdoc/>
    public string Source => "Kaplan et al. 2020, equation 1.5 with the constants of table 2; optimum of equation 6.1 and table 6";

    /// <inheritdoc/>
    public double Evaluate(double parameters, double tokens) =>
        Math.Pow(Math.Pow(ParameterScale / parameters, ParameterExponent / TokenExponent) + TokenScale / tokens, TokenExponent);

    /// <summary>
    /// The size of the paper's N = 1.3e9·C^0.73 (C in PF-days) and the tokens that spend the rest at 6 FLOPs each. The paper's own
    /// D = 2e10·C^0.27 differs a little; see <see cref="PublishedTokens"/>.
    /// </summary>
    public Allocation Optimal(double compute)
    {
        double parameters = 1.3e9 * Math.Pow(compute / Kaplan.PetaflopDay, 0.73), tokens = compute / (6 * parameters);
        return new(compute, parameters, tokens, Evaluate(parameters, tokens));
    }

    /// <summary>D = 2e10·C^0.27 tokens for compute in FLOPs, as the paper prints it.</summary>
    public static double PublishedTokens(double compute) => 2e10 * Math.Pow(compute / Kaplan.PetaflopDay, 0.27);

    /// <summary>B = 2.0e6·C^0.24 tokens in a batch for compute in FLOPs.</summary>
    public static double PublishedBatch(double compute) => 2.0e6 * Math.Pow(compute / Kaplan.PetaflopDay, 0.24);

    /// <summary>S = 5.4e3·C^0.03 steps for compute in FLOPs: nearly constant.</summary>
    public static double PublishedSteps(double compute) => 5.4e3 * Math.Pow(compute / Kaplan.PetaflopDay, 0.03);
}

/// <summary>L(N, S) = (Nc/N)^αN + (Sc/S)^αS, S the steps at an unlimited batch (Kaplan et al. 2020, equation 1.6).</summary>
/// <param name="ParameterScale">Nc.</param>
/// <param name="ParameterExponent">αN.</param>
/// <param name="StepScale">Sc.</param>
/// <param name="StepExponent">αS.</param>
public sealed record KaplanStepLaw(double ParameterScale, double ParameterExponent, double StepScale, double StepExponent)
{
    /// <summary>Loss after <paramref name="minimumSteps"/> steps (see <see cref="Kaplan.MinimumSteps"/>).</summary>
    public double Evaluate(double parameters, double minimumSteps) =>
        Math.Pow(ParameterScale / parameters, ParameterExponent) + Math.Pow(StepScale / minimumSteps, StepExponent);
}
