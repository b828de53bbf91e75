namespace Mezcla.Layers;

/// <summary>
/// The position-wise feed-forward network of a block: W₂·a(W₁x), or if gated W₂·(a(W₁x) ⊙ W₃x) (Shazeer 2020, "GLU Variants"). If gated, W₁
/// and W₃ are stored in one matrix, W₁ first.
/// </summary>
public sealed class FeedForward : Module
{
    private readonly FeedForwardConfig _config;

    /// <summary>Makes a network hiddenSize → intermediate → hiddenSize with newly drawn weights.</summary>
    public FeedForward(FeedForwardConfig config, int hiddenSize, Initialization initialization)
    {
        _config = config;
        Up = Child("up", new Linear(hiddenSize, config.IntermediateSize * (config.Gated ? 2 : 1), config.Bias, initialization),
            linear => Up = linear);
        Down = Child("down", new Linear(config.IntermediateSize, hiddenSize, config.Bias, initialization.ForResidual),
            linear => Down = linear);
    }

    /// <summary>W₁; if gated, W₁ and W₃ stacked.</summary>
    public Linear Up { get; private set; }

    /// <summary>W₂.</summary>
    public Linear Down { get; private set; }

    /// <summary>[..., hiddenSize] → the same shape.</summary>
    public Tensor Forward(Tensor x) => Down.Forward(Hidden(x));

    // A product followed by GELU is one operation, LinearGelu.
    private Tensor Hidden(Tensor x) => _config switch
    {
        { Gated: false, Activation: Activation.Gelu } => Up.ForwardGelu(x, GeluForm.Exact),
        { Gated: false, Activation: Activation.GeluTanh } => Up.ForwardGelu(x, GeluForm.Tanh),
        _ => ActivationFunctions.Apply(Up.Forward(x), _config),
    };
}
