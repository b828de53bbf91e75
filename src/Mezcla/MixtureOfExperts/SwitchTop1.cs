namespace Mezcla.MixtureOfExperts;

/// <summary>
/// One expert for each token, weighted by its probability p (Switch Transformer, eq. 1-2). The router's gradient flows through this weight,
/// so it must not be normalized to one. Needs k = 1.
/// </summary>
public sealed record SwitchRouting : Routing
{
    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization)
    {
        if (experts.TopK != 1)
            throw new ArgumentException($"Switch routing sends a token to one expert, not {experts.TopK}: set TopK to 1.", nameof(experts));
        return new SoftmaxTopKRouting().Create(experts, hiddenSize, vocabularySize, initialization);
    }
}
