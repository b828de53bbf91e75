namespace Mezcla.MixtureOfExperts;

/// <summary>Chooses experts at random in every pass: the control for every claim about learned routing. Weights are 1/k.</summary>
public sealed record RandomRouting : Routing
{
    /// <summary>Seed of the draws.</summary>
    public ulong Seed { get; init; }

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new RandomRouter(Seed, experts);

    private sealed class RandomRouter(ulong seed, MixtureOfExpertsConfig experts) : FixedRouter(experts)
    {
        private readonly RandomStream _random = new(seed);

        protected override Tensor Choose(Tensor tokens, ForwardContext context) =>
            Tensor.From(DrawExperts(_random, tokens.Size(0)), tokens.Size(0), Config.TopK).To(tokens.Device);
    }
}
