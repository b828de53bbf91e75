using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Laws;

/// <summary>The plan with the least compute, training and inference together, that reaches a given loss.</summary>
/// <param name="Loss">The loss to reach, in nats per token.</param>
/// <param name="InferenceTokens">Tokens to be read and written over the model's life.</param>
/// <param name="Parameters">The best size.</param>
/// <param name="TrainingTokens">Training tokens that a model of this size needs to reach the loss.</param>
/// <param name="TotalCompute">6·N·D of training and 2·N for each token of use, in FLOPs.</param>
/// <param name="Baseline">FLOPs of training and inference of a Chinchilla-optimal model with the same loss.</param>
public sealed record InferenceAwarePlan(
    double Loss, double InferenceTokens, double Parameters, double TrainingTokens, double TotalCompute, double Baseline)
{
    /// <summary>Share of the baseline's compute that is saved.</summary>
    public double Saving => 1 - TotalCompute / Baseline;
}

/// <summary>
/// Sardana et al. 2023 (arXiv:2401.00448): minimize 6·N·D + 2·N·D_inference over models that reach a given loss. The more a model is used,
/// the smaller it should be and the longer it should train.
/// </summary>
/// <param name="Law">The law that predicts the loss.</param>
public sealed record InferenceAwareLaw(ChinchillaLaw Law)
{
    /// <summary>The best plan for <paramref name="loss"/> and <paramref name="inferenceTokens"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No model reaches the loss, because it is not above the law's irreducible
    /// loss.</exception>
    public InferenceAwarePlan Optimal(double loss, double inferenceTokens)
    {
        if (!(loss > Law.Irreducible))
        {
            throw new ArgumentOutOfRangeException(
                nameof(loss), loss,
                $"No model reaches this loss under the law '{Law.Name}': it must be above the irreducible {Law.Irreducible:0.####}.");
        }

        // A model below this size never reaches the loss. Both optima lie between this size and one so large that data hardly matters.
        var smallest = Math.Log(Math.Pow(Law.ParameterCoefficient / (loss - Law.Irreducible), 1 / Law.ParameterExponent));
        double Cost(double size, double use) => size * (6 * Law.TokensForLoss(size, loss) + 2 * use);
        double Best(double use) =>
            Math.Exp(Search.Minimum(logSize => Math.Log(Cost(Math.Exp(logSize), use)), smallest + 1e-9, smallest + 20));
        double parameters = Best(inferenceTokens), chinchilla = Best(0);
        return new(loss, inferenceTokens, parameters, Law.TokensForLoss(parameters, loss), Cost(parameters, inferenceTokens),
            Cost(chinchilla, inferenceTokens));
    }

    /// <summary>The best plan that reaches the loss of a Chinchilla-optimal model of <paramref name="parameters"/>.</summary>
    public InferenceAwarePlan OptimalForQualityOf(double parameters, double inferenceTokens) =>
        Optimal(Law.OptimalForSize(parameters).Loss!.Value, inferenceTokens);
}
