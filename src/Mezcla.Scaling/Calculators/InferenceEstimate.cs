using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>A bound on the speed of generating or of reading a prompt, by the roofline model: no program is faster, and most are
/// slower.</summary>
/// <param name="Bytes">Bytes read from memory for one step.</param>
/// <param name="Flops">FLOPs of one step.</param>
/// <param name="Seconds">Time of one step: the time to move the data or to compute, whichever is longer.</param>
/// <param name="TokensPerSecond">Tokens of all sequences per second.</param>
/// <param name="MemoryBound">Whether moving takes longer than computing.</param>
public sealed record InferenceEstimate(double Bytes, double Flops, double Seconds, double TokensPerSecond, bool MemoryBound)
{
    /// <summary>FLOPs per byte; compare with the chip's ridge.</summary>
    public double Intensity => Flops / Bytes;

    /// <summary>
    /// One step of generation: a token for each of <paramref name="batch"/> sequences. Weights are read once for the whole batch. Expert
    /// weights count only for experts that some sequence is expected to choose if routing is uniform. Key/value caches are in BF16.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="chip">The chip.</param>
    /// <param name="format">How weights are stored.</param>
    /// <param name="batch">Sequences at once.</param>
    /// <param name="context">Tokens already in each sequence.</param>
    /// <param name="chips">Chips that share weights and work evenly; communication is assumed to cost nothing.</param>
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

    /// <summary>Estimates reading a prompt of <paramref name="tokens"/>: all weights are read once, and every pair of positions is computed
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

    /// <summary>Tokens per second of one sequence if the only cost of a token is reading <paramref name="bytes"/>.</summary>
    public static double MemoryBoundTokensPerSecond(double bytes, Chip chip, int chips = 1) => chips * chip.Bandwidth / bytes;

    /// <summary>The number of tokens, read or generated, after which inference, at 2·N each, has cost as much as training with 6·N·D: three
    /// times the
    /// training tokens.</summary>
    public static double BreakEvenTokens(double trainingTokens) => 3 * trainingTokens;

    private static double FlopsOfOneToken(TransformerConfig config, int position)
    {
        // The last row of the causal score matrix: the cost of this sequence minus the cost of a sequence one token shorter.
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
