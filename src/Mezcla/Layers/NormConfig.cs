namespace Mezcla.Layers;

/// <summary>The kind of normalization.</summary>
public enum NormKind
{
    /// <summary>Mean removed, variance one, weight and bias (Ba et al. 2016).</summary>
    LayerNorm,

    /// <summary>Root mean square one, weight only (Zhang and Sennrich 2019).</summary>
    RmsNorm,
}

/// <summary>The normalization of every sublayer.</summary>
/// <param name="Kind">Layer norm or RMS norm.</param>
/// <param name="Epsilon">Added to the variance or mean square.</param>
/// <param name="Bias">Whether layer norm has a bias.</param>
public sealed record NormConfig(NormKind Kind = NormKind.LayerNorm, float Epsilon = 1e-5f, bool Bias = true);
