using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Inference;

/// <summary>Continuations of many prompts at once, with one cache for the whole batch.</summary>
public static class Continuations
{
    /// <summary>
    /// Draws <paramref name="length"/> tokens after each prompt. All prompts have the same length; repeat a prompt to draw several
    /// continuations of it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="prompts">Token ids, at least one each.</param>
    /// <param name="length">Tokens to draw for each prompt.</param>
    /// <param name="sampling">How each token is drawn.</param>
    /// <param name="random">The random numbers: one for each token, row after row.</param>
    /// <returns>The tokens drawn, without the prompt.</returns>
    /// <exception cref="ArgumentException">There are no prompts, or their lengths differ.</exception>
    public static int[][] Draw(Transformer model, IReadOnlyList<int[]> prompts, int length, SamplingConfig sampling, RandomStream random)
    {
        if (prompts.Count == 0 || prompts.Any(p => p.Length == 0 || p.Length != prompts[0].Length))
            throw new ArgumentException("All prompts must have the same length, of at least one token.", nameof(prompts));
        using var noGrad = new NoGrad();
        var sampler = new Sampler(sampling);
        var rows = prompts.Select(_ => new int[length]).ToArray();
        using var cache = new KeyValueCache(model.Config.Layers, prompts[0].Length + length);
        int[] unread = [.. prompts.SelectMany(p => p)];
        for (var t = 0; t < length; t++)
        {
            using var scope = new TensorScope();
            var input = Tensor.From(unread, prompts.Count, unread.Length / prompts.Count);
            var logits = model.Logits(input.To(model.Device), new ForwardContext { Cache = cache, LastPositionOnly = true }).ToArray();
            unread = new int[prompts.Count];
            for (var row = 0; row < prompts.Count; row++)
            {
                var p = sampler.Probabilities(logits.AsSpan(row * model.VocabularySize, model.VocabularySize), []);
                rows[row][t] = unread[row] = Sampler.Draw(p, random.NextFloat());
            }
        }

        return rows;
    }

    /// <summary>The probability that a model, drawing at temperature 1, writes exactly <paramref name="written"/> after each
    /// prompt.</summary>
    public static double[] ProbabilityOf(LanguageModel model, IReadOnlyList<int[]> prompts, IReadOnlyList<int[]> written)
    {
        using var noGrad = new NoGrad();
        var result = new double[prompts.Count];
        for (var row = 0; row < prompts.Count; row++)
        {
            using var scope = new TensorScope();
            int[] ids = [.. prompts[row], .. written[row][..^1]];
            var logs = model.Logits(Tensor.From(ids, 1, ids.Length).To(model.Device)).LogSoftmax().ToArray();
            var sum = 0.0;
            for (var t = 0; t < written[row].Length; t++)
                sum += logs[(prompts[row].Length - 1 + t) * model.VocabularySize + written[row][t]];
            result[row] = Math.Exp(sum);
        }

        return result;
    }
}
