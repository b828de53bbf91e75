using Mezcla.Layers;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>
/// y = Σ over a token's chosen experts of weight·expert(x), plus the shared experts (Shazeer et al. 2017, eq. 1). Only chosen experts are computed:
/// assignments are sorted by expert and go through one grouped matrix product for each projection.
/// </summary>
public sealed class MixtureOfExpertsLayer : Module
{
    private readonly MixtureOfExpertsConfig _config;
    private readonly int _layer;
    private readonly bool _weighInput;
    private Tensor? _up, _down;

    /// <summary>A router and its experts, with fresh weights.</summary>
    /// <param name="config">The experts, their routing and their balance.</param>
    /// <param name="hiddenSize">Width of a token's vector, d.</param>
    /// <param name="initialization">How the weights are drawn.</param>
    /// <param name="layer">Number of the block it belongs to, from 0, which an observer of the routing is told.</param>
    /// <param name="vocabularySize">Number of token ids; only hash routing needs it.</param>
    /// <exception cref="ArgumentException">A token is to use more experts than there are.</exception>
    public MixtureOfExpertsLayer(MixtureOfExpertsConfig config, int hiddenSize, Initialization initialization, int layer = 0, int vocabularySize = 0)
    {
        _config = config;
        _layer = layer;
        _weighInput = _config.Routing is SigmoidRouting { WeighInput: true };
        if (_config.TopK < 1 || _config.TopK > _config.Experts)
            throw new ArgumentException($"A token cannot use {_config.TopK} of {_config.Experts} experts.", nameof(config));
        var (experts, width, hidden) = (_config.Experts, _config.Expert.IntermediateSize, hiddenSize);
        var rows = _config.Expert.Gated ? 2 * width : width;
        Router = Child("router", _config.Routing.Create(config, hiddenSize, vocabularySize, initialization));
        _up = Parameter("up.weight", initialization.Weight(experts, rows, hidden));
        _down = Parameter("down.weight", initialization.ForResidual.Weight(experts, hidden, width));
        if (_config.Expert.Bias)
        {
            UpBias = Parameter("up.bias", Tensor.Zeros(experts, rows));
            DownBias = Parameter("down.bias", Tensor.Zeros(experts, hidden));
        }

        if (_config.SharedExperts > 0)
            Shared = Child("shared", new FeedForward(_config.Expert with { IntermediateSize = width * _config.SharedExperts }, hidden, initialization));
    }

    /// <summary>What decides.</summary>
    public Router Router { get; }

    /// <summary>W₁ of every expert (and W₃ behind it where gated) [E, intermediate, d].</summary>
    /// <exception cref="InvalidOperationException">The experts are frozen.</exception>
    public Tensor Up => _up ?? throw new InvalidOperationException("These experts are frozen (quantized): they have no float weights.");

    /// <summary>W₂ of every expert [E, d, intermediate].</summary>
    /// <exception cref="InvalidOperationException">The experts are frozen.</exception>
    public Tensor Down => _down ?? throw new InvalidOperationException("These experts are frozen (quantized): they have no float weights.");

    /// <summary>What took the place of every expert's W₁ (and W₃) and W₂; null while there are float weights.</summary>
    public (IReadOnlyList<IFrozenMatrix> Up, IReadOnlyList<IFrozenMatrix> Down)? Frozen { get; private set; }

    /// <summary>Called with the inputs of all experts' W₁ or W₂, sorted by expert, and where each expert's begin.</summary>
    internal Action<bool, Tensor, Tensor>? Observer { get; set; }

    /// <summary>What the forward pass uses in place of the experts' weights and of their inputs, in quantization-aware training.</summary>
    internal Func<Tensor, Tensor>? WeightRounding { get; set; }

    /// <inheritdoc cref="WeightRounding"/>
    internal Func<Tensor, Tensor>? InputRounding { get; set; }

    /// <summary>Biases of W₁ [E, intermediate], or null.</summary>
    public Tensor? UpBias { get; }

    /// <summary>Biases of W₂ [E, d], or null.</summary>
    public Tensor? DownBias { get; }

    /// <summary>The experts that every token uses, as one network; null where there are none.</summary>
    public FeedForward? Shared { get; }

    /// <summary>[..., d] → the same shape. Adds the balance losses to the context in training.</summary>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var tokens = x.Reshape(-1, x.Size(-1));
        var decision = Router.Route(tokens, context);
        if (context.Training) AddLosses(decision, context);
        var dispatch = decision.Dispatch(_config.Experts, _config.Capacity);
        context.Routing?.Observe(_layer, decision.Logits, (decision as TokenChoice)?.Experts, dispatch.Rows, dispatch.Offsets, dispatch.Weights);

        var chosen = tokens.IndexSelect(0, dispatch.Rows);
        var weights = dispatch.Weights.Unsqueeze(1);
        if (_weighInput) chosen *= weights;
        var computed = Biased(Product(chosen, down: false, dispatch.Offsets), UpBias, dispatch);
        computed = ActivationFunctions.Apply(computed, _config.Expert);
        computed = Biased(Product(computed, down: true, dispatch.Offsets), DownBias, dispatch);
        if (!_weighInput) computed *= weights;
        var mixed = computed.SegmentSum(dispatch.Rows, tokens.Size(0));
        if (Shared is not null) mixed += Shared.Forward(tokens);
        return mixed.Reshape(x.Shape);
    }

    /// <summary>Adjusts the routing bias after an optimizer step, where there is one.</summary>
    public void AfterStep() => Router.AfterStep();

    /// <summary>Puts a frozen matrix in the place of each expert's two, and releases the weights.</summary>
    internal void Freeze(IReadOnlyList<IFrozenMatrix> up, IReadOnlyList<IFrozenMatrix> down)
    {
        Release("up.weight");
        Release("down.weight");
        (_up, _down, Frozen) = (null, null, (up, down));
    }

    private Tensor Product(Tensor x, bool down, Tensor offsets)
    {
        Observer?.Invoke(down, x, offsets);
        if (Frozen is { } frozen) return (down ? frozen.Down : frozen.Up).ApplyGrouped(x, offsets);
        if (InputRounding is not null) x = InputRounding(x);
        var weights = down ? Down : Up;
        return x.GroupedMatMul(WeightRounding?.Invoke(weights) ?? weights, offsets, transposeWeights: true);
    }

    private void AddLosses(RoutingDecision decision, ForwardContext context)
    {
        var balance = _config.Balance;
        if (decision is TokenChoice choice && Router is LinearRouter)
        {
            if (balance.LoadBalancing > 0) context.AuxiliaryLosses.Add(BalanceLosses.LoadBalancing(choice.Probabilities, choice.Experts) * balance.LoadBalancing);
            if (balance.Importance > 0) context.AuxiliaryLosses.Add(BalanceLosses.Importance(choice.Weights, choice.Experts, _config.Experts) * balance.Importance);
        }

        if (balance.RouterZ > 0 && Router is LinearRouter) context.AuxiliaryLosses.Add(BalanceLosses.RouterZ(decision.Logits) * balance.RouterZ);
    }

    private static Tensor Biased(Tensor x, Tensor? bias, Dispatch dispatch) => bias is null ? x : x + bias.IndexSelect(0, dispatch.Experts);
}
