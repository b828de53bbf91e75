using Mezcla.Layers;
using Mezcla.Models;

namespace Mezcla.Weights;

/// <summary>
/// The scale of DeepSeek-V2's attention scores. Where YaRN stretches the positions, the temperature of its equation 22 acts on all numbers
/// of a head, not on the rotated ones alone: the scores are multiplied by m² with m = 0.1·c·ln(factor) + 1. Files give c, as
/// <c>mscale_all_dim</c>.
/// </summary>
internal static class DeepseekScale
{
    /// <summary>The scale for c = <paramref name="multiplier"/>; null for the usual one.</summary>
    public static float? Of(RotaryScaling? scaling, double multiplier, LatentAttentionConfig latent) =>
        scaling is YarnScaling yarn && multiplier != 0
            ? (float)(Math.Pow(0.1 * multiplier * Math.Log(yarn.Factor) + 1, 2) / Math.Sqrt(latent.NopeHeadSize + latent.RopeHeadSize))
            : null;

    /// <summary>The c of a configuration, to four digits.</summary>
    /// <exception cref="NotSupportedException">It scales its scores, but not so.</exception>
    public static double Multiplier(TransformerConfig config)
    {
        if (config is not { Attention: { Scale: { } scale, Latent: { } latent }, Positions.Scaling: YarnScaling { Magnitude: 1 } yarn })
            throw new NotSupportedException("DeepSeek files scale attention by YaRN's temperature or not at all.");
        var size = latent.NopeHeadSize + latent.RopeHeadSize;
        return Math.Round((Math.Sqrt(scale * Math.Sqrt(size)) - 1) / (0.1 * Math.Log(yarn.Factor)), 4);
    }
}
