using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>An upper bound on the speed of generating or reading tokens, from the roofline: no program is faster, and most are
/// slower.</summary>
/// <param name="Bytes">Bytes read from memory for one step.</param>
/// <param name="Flops">FLOPs of one step.</param>
/// <param name="Seconds">Time of one step: the larger of the time to read memory and the time to compute.</param>
/// <param name="TokensPerSecond">Tokens per second, all sequences together.</param>
/// <param name="MemoryBound">Whether reading memory takes longer than computing.</param>
public sealed record InferenceEstimate(double Bytes, double Flops, double Seconds, double TokensPerSecond, bool MemoryBound)
{
    /// <summary>FLOPs per byte; compare with the chip's ridge.</summary>
    public double Intensity => Flops / Bytes;

    /// <summary>
    /// One step of generation, which makes one token for each of <paramref name="batch"/> sequences. Weights are read once for the whole
    /// batch; experts are read if at least one sequence chose them, with uniform routing assumed; the key/value caches are in BF16.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="chip">The chip.</param>
    /// <param name="format">How weights are stored.</param>
    /// <param name="batch">How many sequences are generated at once.</param>
    /// <param name="context">Tokens already in each sequence.</param>
    /// <param name="chips">How many chips share the weights and the work evenly; communication is taken to cost nothing.</param>
    public static InferenceEstimate Decode(TransformerConfig config, Chip chip, WeightFormat format, int batch = 1, int context = 0,
        int chips = 1)
    {
        var count = ParameterCount.Of(config);
        double touched = count.Active - count.ActiveExperts;
        if (config.MixtureOfExperts is { } moe)
            touched += count.Experts * (ExpertUse.Touched(moe.Experts, moe.TopK, batch) / moe.Experts);
        double lookup = config.TiedHead ? 0 : count.TokenEmbedding; // one row of the input embedding is read, not the table
        var bytes = format.Bytes(touched - lookup) + batch * MemoryEstimate.KeyValueBytes(config, context);
        return Bound(bytes, batch * FlopsOfOneToken(config, context + 1), batch, chip, chips);
    }

    /// <summary>Reads a prompt of <paramref name="tokens"/> tokens: all weights are read once, and every pair of positions is computed
    /// once.</summary>
    public static InferenceEstimate Prefill(TransformerConfig config, Chip chip, WeightFormat format, int tokens, int batch = 1,
        int chips = 1)
    {
        var count = ParameterCount.Of(config);
        double touched = count.Total - count.Experts;
        if (config.MixtureOfExperts is { } moe)
            touched += count.Experts * (ExpertUse.Touched(moe.Experts, moe.TopK, (double)batch * tokens) / moe.Experts);
        var bytes = format.Bytes(touched) + batch * MemoryEstimate.KeyValueBytes(config, tokens);
        return Bound(bytes, batch * FlopCount.Of(config, tokens, causal: true).Forward, (double)batch * tokens, chip, chips);
    }

    /// <summary>Tokens per second of one sequence if each token takes only the time to read <paramref name="bytes"/> from memory.</summary>
    public static double MemoryBoundTokensPerSecond(double bytes, Chip chip, int chips = 1) => chips * chip.Bandwidth / bytes;

    /// <summary>The number of inference tokens, at 2·N FLOPs each, that cost as much as training with 6·N·D FLOPs: three times the training
    /// tokens.</summary>
    public static double BreakEvenTokens(double trainingTokens) => 3 * trainingTokens;

    private static double FlopsOfOneToken(TransformerConfig config, int position)
    {
        // The cost of the last row of the causal score matrix: the total for this length minus the total for one token less.
        var all = FlopCount.Of(config, position, causal: true);
        var before = position > 1 ? FlopCount.Of(config, position - 1, causal: true).Forward : 0;
        return all.Forward - before;
    }

    private static InferenceEstimate Bound(double bytes, double flops, double tokens, Chip chip, int chips)
    {
        double move = bytes / (chips * chip.Bandwidth), compute = flops / (chips * chip.Bf16Flops), seconds = Math.Max(move, compute);
        return new(bytes, flops, seconds, tokens / seconds, move > compute);
    }
}
