using Mezcla.Models;

namespace Mezcla.Generation;

/// <summary>How a speculative generation went.</summary>
/// <param name="Tokens">What was generated.</param>
/// <param name="Proposed">Tokens the draft model proposed.</param>
/// <param name="Accepted">Proposals the target model accepted.</param>
/// <param name="TargetPasses">Passes of the target model.</param>
public sealed record SpeculativeResult(IReadOnlyList<int> Tokens, int Proposed, int Accepted, int TargetPasses)
{
    /// <summary>The share of proposals accepted.</summary>
    public double AcceptanceRate => Proposed == 0 ? 0 : (double)Accepted / Proposed;
}

/// <summary>
/// Speculative decoding (Leviathan et al. 2023; Chen et al. 2023): a small draft model proposes γ tokens, the target model reads them all
/// in one pass, and each is kept with probability min(1, p/q); at the first rejection a token is drawn from the normalized max(0, p − q).
/// The result is distributed exactly as if the target had written alone.
/// </summary>
/// <param name="target">The model whose distribution counts.</param>
/// <param name="draft">The model that guesses; same vocabulary.</param>
/// <param name="gamma">Tokens guessed at a time.</param>
public sealed class SpeculativeDecoding(Transformer target, Transformer draft, int gamma = 4)
{
    /// <summary>Tokens a round yields on average when each guess is accepted with
    /// probability <paramref name="alpha"/>: (1 − α^(γ+1)) / (1 − α).</summary>
    public static double ExpectedTokens(double alpha, int gamma) => alpha >= 1 ? gamma + 1 : (1 - Math.Pow(alpha, gamma + 1)) / (1 - alpha);

    /// <summary>How much faster than the target alone, when a draft pass costs <paramref name="cost"/> target passes.</summary>
    public static double SpeedUp(double alpha, int gamma, double cost) => ExpectedTokens(alpha, gamma) / (gamma * cost + 1);

    /// <summary>Continues <paramref name="prompt"/> by <paramref name="count"/> tokens.</summary>
    /// <exception cref="ArgumentException">Different vocabularies, an empty prompt, or more tokens than either context holds.</exception>
    public SpeculativeResult Generate(int[] prompt, int count, SamplingConfig sampling)
    {
        if (target.Config.VocabularySize != draft.Config.VocabularySize)
            throw new ArgumentException(
                $"The draft model has {draft.Config.VocabularySize} tokens, the target {target.Config.VocabularySize}: they must share a " +
                    "vocabulary.");
        if (prompt.Length == 0)
            throw new ArgumentException("Generation needs at least one token to start from.", nameof(prompt));
        var longest = Math.Min(target.Config.ContextLength, draft.Config.ContextLength);
        if (prompt.Length + count + gamma > longest)
            throw new ArgumentException(
                $"A prompt of {prompt.Length} tokens, {count} new ones and {gamma} guesses exceed the context of {longest}.",
                nameof(count));
        var random = new RandomStream(sampling.Seed);
        var sampler = new Sampler(sampling);
        var all = new List<int>(prompt);
        using var targetCache = new KeyValueCache(target.Config.Layers, target.Config.ContextLength);
        using var draftCache = new KeyValueCache(draft.Config.Layers, draft.Config.ContextLength);
        var (proposed, accepted, passes) = (0, 0, 0);
        while (all.Count < prompt.Length + count)
        {
            var before = all.Count;
            var guesses = Guess(all, draftCache, sampler, random);
            var p = Distributions(target, targetCache, all, sampler, gamma + 1);
            passes++;
            proposed += gamma;
            var kept = 0;
            while (kept < gamma && random.NextFloat() * guesses[kept][all[before + kept]] < p[kept][all[before + kept]])
                kept++;
            accepted += kept;
            all.RemoveRange(before + kept, gamma - kept);
            all.Add(Sampler.Draw(kept == gamma ? p[gamma] : Remainder(p[kept], guesses[kept]), random.NextFloat()));
            // The last token has been read by neither model; what was rejected must be forgotten.
            targetCache.Truncate(Math.Min(targetCache.Length, all.Count - 1));
            draftCache.Truncate(Math.Min(draftCache.Length, all.Count - 1));
        }

        return new([.. all.Skip(prompt.Length).Take(count)], proposed, accepted, passes);
    }

    // Appends γ guesses to the tokens and returns the distribution each was drawn from.
    private float[][] Guess(List<int> all, KeyValueCache cache, Sampler sampler, RandomStream random)
    {
        var distributions = new float[gamma][];
        for (var i = 0; i < gamma; i++)
        {
            distributions[i] = Distributions(draft, cache, all, sampler, 1)[0];
            all.Add(Sampler.Draw(distributions[i], random.NextFloat()));
        }

        return distributions;
    }

    // Reads what the cache has not seen and returns the distributions behind the last `count` tokens.
    private static float[][] Distributions(Transformer model, KeyValueCache cache, List<int> all, Sampler sampler, int count)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var ids = all.Skip(cache.Length).ToArray();
        var logits = model.Logits(Tensor.From(ids, 1, ids.Length).To(model.Device), new ForwardContext { Cache = cache }).ToArray();
        var vocabulary = model.Config.VocabularySize;
        var tokens = all.ToArray();
        return [.. Enumerable.Range(ids.Length - count, count).Select(i =>
            sampler.Probabilities(logits.AsSpan(i * vocabulary, vocabulary), tokens.AsSpan(0, tokens.Length - ids.Length + i + 1)))];
    }

    private static float[] Remainder(float[] p, float[] q)
    {
        var rest = p.Zip(q, (a, b) => Math.Max(0, a - b)).ToArray();
        var sum = rest.Sum();
        // Equal distributions reject nothing; rounding may still lead here, and then p itself is what is left.
        return sum > 0 ? [.. rest.Select(r => r / sum)] : p;
    }
}
