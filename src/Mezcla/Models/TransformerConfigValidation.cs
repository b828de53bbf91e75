using Mezcla.MixtureOfExperts;

namespace Mezcla.Models;

/// <summary>Checks that a configuration describes a model that can exist.</summary>
public static class TransformerConfigValidation
{
    private const int Largest = 1 << 24;

    /// <summary>Throws if sizes contradict each other or are out of range.</summary>
    /// <exception cref="ArgumentException">The message names the setting, its value and a value that would be valid.</exception>
    public static void Validate(this TransformerConfig config)
    {
        var attention = config.Attention;
        Positive(config.VocabularySize, nameof(config.VocabularySize));
        Positive(config.ContextLength, nameof(config.ContextLength));
        Positive(config.Layers, nameof(config.Layers), 10_000);
        Positive(config.HiddenSize, nameof(config.HiddenSize));
        Positive(attention.Heads, "Attention.Heads");
        Positive(attention.KeyValueHeads, "Attention.KeyValueHeads");
        Positive(attention.HeadSize, "Attention.HeadSize");
        Positive(config.FeedForward.IntermediateSize, "FeedForward.IntermediateSize");
        if (attention.Heads % attention.KeyValueHeads != 0)
            throw new ArgumentException(
                $"{attention.Heads} query heads cannot share {attention.KeyValueHeads} key/value heads evenly: make the first a multiple " +
                    "of the second.");
        if (config.Positions.Kind == PositionKind.Rotary && (attention.Latent?.RopeHeadSize ?? attention.HeadSize) % 2 != 0)
            throw new ArgumentException("Rotary positions rotate pairs of numbers, so the head size must be even.");
        if (config.Positions.Scaling is LongRopeScaling rope && rope.Short.Concat(rope.Long).Any(f => !(f > 0 && double.IsFinite(f)))
            || config.Positions.Scaling is LongRopeScaling { Short.Count: var few, Long.Count: var many }
            && (few != many || few != (attention.Latent?.RopeHeadSize ?? attention.HeadSize) / 2))
            throw new ArgumentException("LongRoPE needs a positive factor for each pair of a head, for short texts and for long ones.");
        if (config.Positions.ReservedRows is < 0 or > 1024)
            throw new ArgumentException($"Positions.ReservedRows is {config.Positions.ReservedRows}; it must lie between 0 and 1024.");
        if (config.Dropout is < 0 or >= 1)
            throw new ArgumentException($"Dropout {config.Dropout} is not a probability below 1.");
        if (config.InitializerRange <= 0 || !float.IsFinite(config.InitializerRange))
            throw new ArgumentException($"InitializerRange is {config.InitializerRange}; this standard deviation must be positive.");
        if (attention.SlidingWindow is < 1)
            throw new ArgumentException($"A sliding window of {attention.SlidingWindow} sees nothing: it must be at least 1.");
        foreach (var factor in (float?[])[attention.Scale, config.EmbeddingMultiplier, config.ResidualMultiplier, config.LogitsScaling])
            if (factor is { } number && !(number > 0 && float.IsFinite(number)))
                throw new ArgumentException($"A multiplier or scale is {number}; it must be above zero.");
        if (attention is { Latent: not null, LearnedQueryKeyNorm: not QueryKeyNormSpan.None })
            throw new ArgumentException("Latent attention has norms of its own: set Attention.LearnedQueryKeyNorm to None.");
        if (config is { TiedHead: true, HeadBias: true })
            throw new ArgumentException("A head that is tied to the embedding has no bias: set HeadBias or TiedHead to false.");
        if (config.FeedForward is { Activation: Activation.ClampedSwiGlu, Gated: false }
            || config.MixtureOfExperts?.Expert is { Activation: Activation.ClampedSwiGlu, Gated: false })
            throw new ArgumentException("ClampedSwiGlu needs a network with two halves: set Gated to true.");
        if (config.MixtureOfExperts is { } moe)
        {
            if (moe is { SharedGate: true, SharedExperts: 0 })
                throw new ArgumentException("MixtureOfExperts.SharedGate gates shared experts: set SharedExperts to at least 1.");
            Positive(moe.Experts, "MixtureOfExperts.Experts", 1 << 16);
            Positive(moe.Expert.IntermediateSize, "MixtureOfExperts.Expert.IntermediateSize");
            Positive(moe.Period, "MixtureOfExperts.Period");
            if (moe.TopK < 1 || moe.TopK > moe.Experts)
                throw new ArgumentException($"A token cannot use {moe.TopK} of {moe.Experts} experts: choose 1 to {moe.Experts}.");
            if (moe.RouterPrecision == DType.Int32)
                throw new ArgumentException("A router computes in float32 or bfloat16, not in integers.");
            // A balancing method that the routing does not support would silently have no effect, so it is an error.
            if (moe.Balance.BiasUpdate > 0 && moe.Routing is not SigmoidRouting)
                throw new ArgumentException(
                    $"Balance.BiasUpdate moves the bias of {nameof(SigmoidRouting)}; {moe.Routing.GetType().Name} has none. Set it to 0 " +
                        "or change the routing.");
            if (moe.Balance.Load > 0 && moe.Routing is not NoisyTopKRouting)
                throw new ArgumentException(
                    $"Balance.Load needs the noise of {nameof(NoisyTopKRouting)}; {moe.Routing.GetType().Name} has none. Set it to 0 or " +
                        "change the routing.");
            if (moe.Capacity is { } capacity && !(capacity.Factor > 0 && double.IsFinite(capacity.Factor)))
                throw new ArgumentException($"Capacity.Factor is {capacity.Factor}; it must be above zero, or Capacity null for dropless.");
        }
    }

    private static void Positive(int value, string name, int most = Largest)
    {
        if (value < 1 || value > most)
            throw new ArgumentException($"{name} is {value}; it must lie between 1 and {most}.");
    }
}
