using Mezcla.Layers;
using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>Bytes that a model needs in addition to its weights.</summary>
public static class MemoryEstimate
{
    /// <summary>
    /// Bytes that one token adds to the key/value cache: 2·L·heads·size·bytes; with latent attention, (rank + rotary part)·L·bytes.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="bytesPerValue">2 for BF16.</param>
    public static double KeyValueBytesPerToken(TransformerConfig config, double bytesPerValue = 2) =>
        config.Layers * PerLayer(config.Attention) * bytesPerValue;

    /// <summary>Bytes that one token would add to the cache if latent attention stored its keys and values expanded; for other models, the
    /// same as <see cref="KeyValueBytesPerToken"/>.</summary>
    public static double ExpandedKeyValueBytesPerToken(TransformerConfig config, double bytesPerValue = 2) =>
        config.Attention.Latent is not { } latent
        ? KeyValueBytesPerToken(config, bytesPerValue)
        : (double)config.Layers * config.Attention.Heads * (latent.NopeHeadSize + latent.RopeHeadSize + latent.ValueHeadSize)
            * bytesPerValue;

    /// <summary>Bytes of the cache of a sequence of <paramref name="tokens"/>; layers
    /// with a sliding window keep no more than the window.</summary>
    public static double KeyValueBytes(TransformerConfig config, double tokens, double bytesPerValue = 2)
    {
        double held = 0;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var slides = config.Attention.SlidingWindow is not null && layer % config.Attention.SlidingWindowPeriod == 0;
            held += slides ? Math.Min(tokens, config.Attention.SlidingWindow!.Value) : tokens;
        }

        return held * PerLayer(config.Attention) * bytesPerValue;
    }

    /// <summary>
    /// Bytes of weights, gradients and Adam's state in mixed precision: 16 per parameter (2 + 2 for weights and gradients in 16 bits; 4 + 4
    /// + 4 for the master copy and both moments).
    /// </summary>
    public static double MixedPrecisionAdamBytes(double parameters) => 16 * parameters;

    /// <summary>Bytes of a checkpoint that holds the weights and both of Adam's moments in single precision: 12 per parameter.</summary>
    public static double AdamCheckpointBytes(double parameters) => 12 * parameters;

    /// <summary>
    /// Bytes of one layer's 16-bit activations that the backward pass needs: s·b·d·(34 + 5·heads·s/d), or 34·s·b·d if attention is
    /// recomputed (Korthikanti et al. 2022, quoted from memory). The formula was derived for GPT-2's layer: a feed-forward network 4·d
    /// wide, full attention, dropout.
    /// </summary>
    public static double ActivationBytesPerLayer(TransformerConfig config, double tokens, double batch, bool recomputeAttention = false) =>
        tokens * batch * config.HiddenSize * (34 + (recomputeAttention ? 0 : 5 * config.Attention.Heads * tokens / config.HiddenSize));

    /// <summary>How many GPUs are needed to hold <paramref name="bytes"/> if a share <paramref name="usable"/> of their memory can be
    /// used.</summary>
    public static int GpusFor(double bytes, Chip chip, double usable = 0.9) => (int)Math.Ceiling(bytes / (chip.MemoryBytes * usable));

    private static double PerLayer(AttentionConfig attention) => attention.Latent is { } latent
        ? latent.KeyValueRank + latent.RopeHeadSize
        : 2.0 * attention.KeyValueHeads * attention.HeadSize;
}
