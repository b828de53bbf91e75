namespace Mezcla.Layers;

/// <summary>The kind of normalization.</summary>
public enum NormKind
{
    /// <summary>Each vector gets mean 0 and variance 1; with a weight and a bias (Ba et al. 2016).</summary>
    LayerNorm,

    /// <summary>Each vector gets a root mean square of 1; with a weight only (Zhang and Sennrich 2019).</summary>
    RmsNorm,
}

/// <summary>The normalization of every sublayer.</summary>
/// <param name="Kind">Layer norm or RMS norm.</param>
/// <param name="Epsilon">Added to the variance or mean square.</param>
/// <param name="Bias">Whether layer norm has a bias.</param>
public sealed record NormConfig(NormKind Kind = NormKind.LayerNorm, float Epsilon = 1e-5f, bool Bias = true);
