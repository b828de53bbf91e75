namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Hᵢ = (xW_g)ᵢ + ε·softplus((xW_n)ᵢ) with ε from a standard normal distribution, then a softmax over the k largest (Shazeer et al. 2017,
/// eq. 3-5). The size of the noise is learned; it lets training explore, and evaluation adds none. It also makes the load differentiable:
/// the probability of being chosen is a normal integral (appendix A).
/// </summary>
public sealed record NoisyTopKRouting : Routing
{
    /// <inheritdoc/>
    public override bool RouterLearns(int chosen) => chosen > 1;

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new NoisyTopKRouter(experts, hiddenSize, initialization);

    private sealed class NoisyTopKRouter : LinearRouter
    {
        private readonly Linear _noise;

        public NoisyTopKRouter(MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
            : base(experts, hiddenSize, initialization) =>
            _noise = Child("noise", new Linear(hiddenSize, Config.Experts, false, initialization));

        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var clean = Scores(tokens);
            if (!context.Training)
                return Best(clean);
            var deviations = _noise.Forward(tokens).Softplus() + 1e-2f;
            var random = context.Random ?? throw new InvalidOperationException("Noisy routing in training needs ForwardContext.Random.");
            var noisy = clean + Tensor.Normal(random, 0, 1, clean.Shape).To(clean.Device) * deviations;
            if (Config.Balance.Load > 0 && Config.TopK < Config.Experts)
                context.AuxiliaryLosses.Add(BalanceLosses.Load(ChanceOfChoice(clean, noisy, deviations)) * Config.Balance.Load);
            return Best(noisy, clean);
        }

        // P(x, i) = Φ((clean_i − the k-th largest of the other noisy logits) / deviation_i): the probability
        // that i is chosen if its noise is drawn again.
        private Tensor ChanceOfChoice(Tensor clean, Tensor noisy, Tensor deviations)
        {
            var (top, _) = noisy.Detach().TopK(Config.TopK + 1);
            var last = top.Slice(1, Config.TopK - 1, 1);
            var next = top.Slice(1, Config.TopK, 1);
            // An expert in the top k is compared with the (k+1)-th logit, the others with the k-th.
            var threshold = noisy.Detach().Less(last).Where(last, next);
            return ((clean - threshold) / deviations).NormalCdf();
        }
    }
}
