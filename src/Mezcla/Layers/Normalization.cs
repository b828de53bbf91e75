namespace Mezcla.Layers;

/// <summary>Layer norm (Ba et al. 2016) or RMS norm (Zhang and Sennrich 2019) over the last axis, chosen by the configuration.</summary>
public sealed class Normalization : Module
{
    private readonly NormConfig _config;

    /// <summary>Makes weights of one and, for layer norm with bias, biases of zero.</summary>
    public Normalization(int size, NormConfig config)
    {
        _config = config;
        Weight = Parameter("weight", Tensor.Ones(size));
        if (config is { Kind: NormKind.LayerNorm, Bias: true })
            Bias = Parameter("bias", Tensor.Zeros(size));
    }

    /// <summary>The gain [size].</summary>
    public Tensor Weight { get; }

    /// <summary>The shift [size], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[..., size] → the same shape.</summary>
    public Tensor Forward(Tensor x) => _config.Kind == NormKind.LayerNorm
        ? x.LayerNorm(Weight, Bias, _config.Epsilon)
        : x.RmsNorm(Weight, _config.Epsilon);
}
