using Mezcla.Layers;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>A router whose scores are one linear map of the token: E·d weights, and that is all that decides (Shazeer et al. 2017, eq. 3).</summary>
public abstract class LinearRouter : Router
{
    private protected LinearRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
        : base(experts) =>
        Gate = Child("gate", new Linear(hiddenSize, Config.Experts, Config.RouterBias, initialization));

    /// <summary>W_g [E, d].</summary>
    public Linear Gate { get; }

    /// <summary>The logits [N, E] of tokens [N, d], in float32 whatever the tokens are; with a router of <see cref="MixtureOfExpertsConfig.RouterPrecision"/> bfloat16, rounded to it at each end.</summary>
    private protected Tensor Scores(Tensor tokens)
    {
        if (Config.RouterPrecision == DType.Float32 || Gate.Frozen is not null) return Gate.Forward(tokens);
        return tokens.To(Config.RouterPrecision).Linear(Gate.Weight.To(Config.RouterPrecision), Gate.Bias).To(Config.RouterPrecision).To(DType.Float32);
    }
}
