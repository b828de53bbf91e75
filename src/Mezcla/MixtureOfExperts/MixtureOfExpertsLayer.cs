namespace Mezcla.MixtureOfExperts;

/// <summary>
/// y = Σ weight·expert(x) over a token's chosen experts, plus the shared experts (Shazeer et al. 2017, eq. 1). Only chosen experts are
/// computed: assignments are sorted by expert and go through one grouped matrix product for each projection.
/// </summary>
public sealed class MixtureOfExpertsLayer : Module
{
    private readonly MixtureOfExpertsConfig _config;
    private readonly int _layer;
    private readonly bool _weighInput;

    /// <summary>A router and its experts, with fresh weights.</summary>
    /// <param name="config">The experts, their routing and their balance.</param>
    /// <param name="hiddenSize">Width of a token's vector, d.</param>
    /// <param name="initialization">How the weights are drawn.</param>
    /// <param name="layer">Number of its block, from 0; passed to an observer of the routing.</param>
    /// <param name="vocabularySize">Number of token ids; only hash routing needs it.</param>
    /// <exception cref="ArgumentException">A token would use more experts than there are.</exception>
    public MixtureOfExpertsLayer(MixtureOfExpertsConfig config, int hiddenSize, Initialization initialization, int layer = 0,
        int vocabularySize = 0)
    {
        _config = config;
        _layer = layer;
        _weighInput = _config.Routing is SigmoidRouting { WeighInput: true };
        if (_config.TopK < 1 || _config.TopK > _config.Experts)
            throw new ArgumentException($"A token cannot use {_config.TopK} of {_config.Experts} experts.", nameof(config));
        var (experts, width, hidden) = (_config.Experts, _config.Expert.IntermediateSize, hiddenSize);
        var rows = _config.Expert.Gated ? 2 * width : width;
        var router = _config.Routing.Create(config, hiddenSize, vocabularySize, initialization);
        Up = Child("up", new GroupedLinear(experts, hidden, rows, _config.Expert.Bias, initialization), linear => Up = linear);
        Down = Child("down", new GroupedLinear(experts, width, hidden, _config.Expert.Bias, initialization.ForResidual),
            linear => Down = linear);
        Router = Child("router", router);
        if (_config.SharedExperts > 0)
            Shared = Child("shared",
                new FeedForward(_config.Expert with { IntermediateSize = width * _config.SharedExperts }, hidden, initialization));
        if (_config.SharedGate)
            SharedGate = Child("shared_gate", new Linear(hidden, 1, false, initialization));
    }

    /// <summary>The router, which decides which expert computes which token.</summary>
    public Router Router { get; }

    /// <summary>W₁ of every expert, followed by W₃ if gated: W [E, intermediate, d].</summary>
    public GroupedLinear Up { get; private set; }

    /// <summary>W₂ of every expert: W [E, d, intermediate].</summary>
    public GroupedLinear Down { get; private set; }

    /// <summary>The experts that every token uses, as one network; null where there are none.</summary>
    public FeedForward? Shared { get; }

    /// <summary>The vector w of the gate σ(w·x) of the shared experts, [1, d]; null where they have none.</summary>
    public Linear? SharedGate { get; }

    /// <summary>Reaches experts in other processes; null if all are here. Up and Down then hold only the experts of this process.</summary>
    public IExpertExchange? Exchange { get; set; }

    /// <summary>[..., d] → the same shape. Adds the balance losses to the context in training.</summary>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var tokens = x.Reshape(-1, x.Size(-1));
        var decision = Router.Route(tokens, context);
        if (context.Training)
            AddLosses(decision, context);
        var dispatch = decision.Dispatch(_config.Experts, _config.Capacity, context.Peers);
        context.Routing?.Observe(_layer, decision.Logits, (decision as TokenChoice)?.Experts, dispatch.Rows, dispatch.Offsets,
            dispatch.Weights);

        var chosen = tokens.IndexSelect(0, dispatch.Rows);
        var weights = dispatch.Weights.Unsqueeze(1);
        if (_weighInput)
            chosen *= weights;
        var computed = Exchange?.Compute(chosen, dispatch.Offsets, Compute) ?? Compute(chosen, dispatch.Experts, dispatch.Offsets);
        if (!_weighInput)
            computed *= weights;
        var mixed = computed.SegmentSum(dispatch.Rows, tokens.Size(0));
        if (Shared?.Forward(tokens) is { } shared)
            mixed += SharedGate is null ? shared : shared * SharedGate.Forward(tokens).Sigmoid();
        return mixed.Reshape(x.Shape);
    }

    private Tensor Compute(Tensor rows, Tensor experts, Tensor offsets) =>
        Down.Forward(ActivationFunctions.Apply(Up.Forward(rows, experts, offsets), _config.Expert), experts, offsets);

    /// <summary>Adjusts the routing bias, if there is one, after an optimizer step.</summary>
    public void AfterStep() => Router.AfterStep();

    private void AddLosses(RoutingDecision decision, ForwardContext context)
    {
        var balance = _config.Balance;
        if (decision is TokenChoice choice && Router is LinearRouter)
        {
            if (balance.LoadBalancing > 0)
                context.AuxiliaryLosses.Add(
                    BalanceLosses.LoadBalancing(choice.Probabilities, choice.Experts, context.Peers) * balance.LoadBalancing);
            if (balance.Importance > 0)
                context.AuxiliaryLosses.Add(BalanceLosses.Importance(choice.Weights, choice.Experts, _config.Experts) * balance.Importance);
        }

        if (balance.RouterZ > 0 && Router is LinearRouter)
            context.AuxiliaryLosses.Add(BalanceLosses.RouterZ(decision.Logits) * balance.RouterZ);
    }
}
