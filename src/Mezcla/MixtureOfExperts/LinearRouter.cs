namespace Mezcla.MixtureOfExperts;

/// <summary>
/// A router whose scores are one linear map of the token; its E·d weights are all that it learns (Shazeer et al. 2017, eq. 3).
/// </summary>
public abstract class LinearRouter : Router
{
    private protected LinearRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : base(experts) =>
        Gate = Child("gate", experts.RouterPrecision == DType.Float32
            ? new Linear(hiddenSize, experts.Experts, experts.RouterBias, initialization)
            : new LowPrecisionLinear(hiddenSize, experts.Experts, experts.RouterBias, initialization, experts.RouterPrecision),
            linear => Gate = linear);

    /// <summary>W_g [E, d].</summary>
    public Linear Gate { get; private set; }

    /// <summary>
    /// The logits [N, E] of tokens [N, d], in float32 whatever the type of the tokens. If
    /// <see cref="MixtureOfExpertsConfig.RouterPrecision"/> is bfloat16, inputs, weights and logits are rounded to it.
    /// </summary>
    private protected Tensor Scores(Tensor tokens) => Gate.Forward(tokens);

    /// <summary>The k experts of the largest logits, weighted by a softmax over these alone.</summary>
    /// <param name="logits">The logits [N, E] that decide.</param>
    /// <param name="clean">The logits without noise, for the losses that balance the load; null for the same.</param>
    private protected TokenChoice Best(Tensor logits, Tensor? clean = null)
    {
        var (values, experts) = logits.TopK(Config.TopK);
        return new(clean ?? logits, logits.Softmax(-1), experts, values.Softmax(-1));
    }
}
