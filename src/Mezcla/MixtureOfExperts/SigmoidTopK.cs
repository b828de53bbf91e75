namespace Mezcla.MixtureOfExperts;

/// <summary>
/// A score σ(W_g x)ᵢ for each expert, independent of the others (DeepSeek-V3, eq. 12-16). Experts are chosen by score plus a bias that
/// serves only to balance, and weighted by the score alone; optionally only within the best groups of experts, and normalized. Llama 4's
/// gate is the same with k = 1, no normalization, and the weight on the expert's input instead of its output.
/// </summary>
public sealed record SigmoidRouting : Routing
{
    /// <summary>Whether the weights of a token are divided by their sum.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>A factor on the weights (DeepSeek-V3: 2.5).</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Number of equal groups that the experts are divided into; 1 for no groups (DeepSeek-V3: 8).</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Number of groups that a token may use: those whose two best biased scores have the largest sum (DeepSeek-V3: 4).</summary>
    public int ChosenGroups { get; init; } = 1;

    /// <summary>Whether the weight multiplies the expert's input (Llama 4) instead of its output.</summary>
    public bool WeighInput { get; init; }

    /// <inheritdoc/>
    public override bool RouterLearns(int chosen) => chosen > 1 || !Normalize;

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new SigmoidRouter(this, experts, hiddenSize, initialization);

    private sealed class SigmoidRouter : LinearRouter
    {
        private readonly SigmoidRouting _routing;
        private readonly RoutingBias? _bias;

        public SigmoidRouter(SigmoidRouting routing, MixtureOfExpertsConfig experts, int hiddenSize, Initialization initialization)
            : base(experts, hiddenSize, initialization)
        {
            _routing = routing;
            if (Config.Experts % routing.Groups != 0)
                throw new ArgumentException($"{Config.Experts} experts do not divide into {routing.Groups} groups.", nameof(experts));
            if (Config.TopK > Config.Experts / routing.Groups * routing.ChosenGroups)
                throw new ArgumentException(
                    $"{routing.ChosenGroups} of {routing.Groups} groups hold fewer than the {Config.TopK} experts a token needs.",
                    nameof(experts));
            if (Config.Balance.BiasUpdate > 0)
                _bias = new RoutingBias(Buffer("bias", Tensor.Zeros(Config.Experts)), Config.Balance.BiasUpdate);
        }

        internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
        {
            var logits = Scores(tokens);
            var scores = logits.Sigmoid();
            var biased = scores.Detach();
            if (_bias is not null)
                biased += _bias.Value;
            if (_routing.Groups > 1)
                biased = OnlyBestGroups(biased);
            var (_, experts) = biased.TopK(Config.TopK);
            var weights = scores.Gather(1, experts);
            if (_routing.Normalize)
                weights /= weights.Sum(-1, keepDims: true) + 1e-20f;
            if (_routing.Scale != 1)
                weights *= _routing.Scale;
            if (context.Training)
                _bias?.Count(experts, context.Peers);
            return new TokenChoice(logits, scores / scores.Sum(-1, keepDims: true), experts, weights);
        }

        internal override void AfterStep() => _bias?.Update();

        private Tensor OnlyBestGroups(Tensor scores)
        {
            var (tokens, size) = (scores.Size(0), Config.Experts / _routing.Groups);
            var grouped = scores.Reshape(tokens, _routing.Groups, size);
            var strength = grouped.TopK(Math.Min(2, size)).Values.Sum(-1);
            var last = strength.TopK(_routing.ChosenGroups).Values.Slice(1, _routing.ChosenGroups - 1, 1);
            var outside = strength.Less(last).Unsqueeze(2).Expand(tokens, _routing.Groups, size);
            return grouped.MaskedFill(outside, float.NegativeInfinity).Reshape(tokens, Config.Experts);
        }
    }
}
