using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>FLOPs of one part of a forward pass.</summary>
/// <param name="Part">The part of the model, such as the attention projections.</param>
/// <param name="Flops">How many, over all tokens of the sequence.</param>
public sealed record FlopPart(string Part, double Flops);

/// <summary>
/// FLOPs of a forward pass over one sequence, counted matrix by matrix: a product of (m,k) and (k,n) takes 2·m·k·n. Lookups, norms,
/// activations and softmaxes are left out, as is usual; attention scores are counted for all pairs of positions (the usual convention), or
/// only for pairs with earlier positions. Among the routed experts, only the chosen ones are counted.
/// </summary>
public sealed record FlopCount
{
    /// <summary>Tokens in the sequence.</summary>
    public required int Tokens { get; init; }

    /// <summary>The parts that are not empty, in the order a token meets them.</summary>
    public required IReadOnlyList<FlopPart> Parts { get; init; }

    /// <summary>Forward FLOPs of the sequence.</summary>
    public double Forward => Parts.Sum(part => part.Flops);

    /// <summary>FLOPs of the forward and backward pass together: three times the forward pass.</summary>
    public double Training => 3 * Forward;

    /// <summary>Forward FLOPs per token, the mean over the sequence.</summary>
    public double ForwardPerToken => Forward / Tokens;

    /// <summary>Training FLOPs per token, the mean over the sequence.</summary>
    public double TrainingPerToken => Training / Tokens;

    /// <summary>FLOPs of the parts whose cost per token grows with the length of the sequence: attention scores and weighted sums of
    /// values.</summary>
    public double AttentionTerm => Parts.Where(part => part.Part == "attention scores").Sum(part => part.Flops);

    /// <summary>FLOPs of the part called <paramref name="part"/>; 0 if the model has no such part.</summary>
    public double this[string part] => Parts.Where(each => each.Part == part).Sum(each => each.Flops);

    /// <summary>Counts a forward pass over <paramref name="tokens"/> tokens; 0 for the model's whole context.</summary>
    /// <param name="config">The model.</param>
    /// <param name="tokens">Length of the sequence.</param>
    /// <param name="causal">True counts each position's scores with itself and earlier positions only, as a fused kernel computes them;
    /// false counts all pairs.</param>
    public static FlopCount Of(TransformerConfig config, int tokens = 0, bool causal = false)
    {
        if (tokens <= 0)
            tokens = config.ContextLength;
        double d = config.HiddenSize, perToken = 0, pairs = 0;
        AttentionConfig attention = config.Attention;
        for (var layer = 0; layer < config.Layers; layer++)
            pairs += Pairs(attention, layer, tokens, causal);
        var keyWidth = attention.Heads * (double)(attention.Latent is { } l ? l.NopeHeadSize + l.RopeHeadSize : attention.HeadSize);
        var valueWidth = attention.Heads * (double)(attention.Latent is { } v ? v.ValueHeadSize : attention.HeadSize);
        var sparse = Enumerable.Range(0, config.Layers).Count(config.IsMixtureOfExperts);
        var dense = (config.Layers - sparse) * Matrices(config.FeedForward) * d * config.FeedForward.IntermediateSize;
        double routers = 0, experts = 0, shared = 0;
        if (config.MixtureOfExperts is { } moe)
        {
            var expert = Matrices(moe.Expert) * d * moe.Expert.IntermediateSize;
            double maps = moe.Routing switch { HashRouting or RandomRouting => 0, NoisyTopKRouting => 2, _ => 1 };
            var chosen = moe.Routing is SoftMixtureRouting ? moe.Experts : moe.TopK;
            (routers, experts, shared) = (sparse * maps * d * moe.Experts, sparse * chosen * expert, sparse * moe.SharedExperts * expert);
        }

        perToken = 2.0 * tokens;
        FlopPart[] parts =
        [
            new("attention projections", perToken * config.Layers * ProjectionSize(attention, d)),
            new("attention scores", 2 * pairs * (keyWidth + valueWidth)),
            new("dense feed-forward", perToken * dense),
            new("routers", perToken * routers),
            new("experts", perToken * experts),
            new("shared experts", perToken * shared),
            new("head", perToken * d * config.VocabularySize),
        ];
        return new() { Tokens = tokens, Parts = [.. parts.Where(part => part.Flops > 0)] };
    }

    /// <summary>Training FLOPs by the rule of thumb 6·N·D.</summary>
    public static double TrainingRule(double parameters, double tokens) => 6 * parameters * tokens;

    /// <summary>
    /// Training FLOPs per token as PaLM's MFU counts them: 6·N + 12·L·d·s, where d is the number of heads times their size (Chowdhery et
    /// al. 2022, appendix B). For a Mixture of Experts, N is the number of active parameters.
    /// </summary>
    public static double PalmTrainingPerToken(TransformerConfig config, int tokens) =>
        6.0 * ParameterCount.Of(config).Active + 12.0 * config.Layers * config.Attention.Heads * config.Attention.HeadSize * tokens;

    /// <summary>Forward FLOPs per token as Kaplan et al. 2020 count them: 2·N + 2·L·s·d, where N leaves out embeddings and half of all
    /// pairs of positions are counted.</summary>
    public static double KaplanForwardPerToken(TransformerConfig config, int tokens) =>
        2.0 * ParameterCount.Of(config).NonEmbedding + 2.0 * config.Layers * config.Attention.Heads * config.Attention.HeadSize * tokens;

    /// <summary>
    /// Training FLOPs of one sequence as Hoffmann et al. 2022 count them (appendix F): softmaxes are included, and the backward pass takes
    /// twice the forward pass. Their table A4 can be reproduced only if embeddings and logits are left out.
    /// </summary>
    public static double HoffmannTraining(TransformerConfig config, int tokens, bool embeddingsAndLogits = true)
    {
        double s = tokens, d = config.HiddenSize, a = (double)config.Attention.Heads * config.Attention.HeadSize;
        var layer = 6 * s * d * a + 2 * s * s * a + 3 * config.Attention.Heads * s * s + 2 * s * s * a + 2 * s * d * a
            + 4 * s * d * config.FeedForward.IntermediateSize;
        var ends = embeddingsAndLogits ? 2 * s * config.VocabularySize * d + 2 * s * d * config.VocabularySize : 0;
        return 3 * (config.Layers * layer + ends);
    }

    /// <summary>What a notebook shows: the FLOPs of each part and its share.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        string[] headers = ["part", "FLOPs", "share"];
        string[][] rows = [.. Parts.Append(new("forward", Forward)).Select(part => new[]
        {
            part.Part, Numbers.Format(part.Flops), FormattableString.Invariant($"{part.Flops / Forward:P1}"),
        })];
        var caption = FormattableString.Invariant($"Forward pass over {Tokens:N0} tokens");
        return ResultTable.Bundle(ResultTable.Html(caption, headers, rows), $"{caption}\n{ResultTable.Text(headers, rows)}");
    }

    internal static int Matrices(FeedForwardConfig network) => network.Gated ? 3 : 2;

    private static double ProjectionSize(AttentionConfig attention, double d)
    {
        double heads = attention.Heads;
        if (attention.Latent is not { } latent)
            return 2 * d * (heads + attention.KeyValueHeads) * attention.HeadSize;
        var queryWidth = heads * (latent.NopeHeadSize + latent.RopeHeadSize);
        return (latent.QueryRank > 0 ? latent.QueryRank * (d + queryWidth) : d * queryWidth)
            + d * (latent.KeyValueRank + latent.RopeHeadSize)
            + latent.KeyValueRank * heads * (latent.NopeHeadSize + latent.ValueHeadSize) + heads * latent.ValueHeadSize * d;
    }

    private static double Pairs(AttentionConfig attention, int layer, double tokens, bool causal)
    {
        var reach = attention.SlidingWindow is { } window && layer % attention.SlidingWindowPeriod == 0 ? Math.Min(window, tokens) : tokens;
        return causal ? reach * (reach + 1) / 2 + (tokens - reach) * reach : tokens * reach;
    }
}
