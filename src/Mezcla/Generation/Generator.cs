using System.Text;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;

namespace Mezcla.Generation;

/// <summary>Continues text with a model, token by token.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
public sealed class Generator(Transformer model, Tokenizer tokenizer)
{
    /// <summary>
    /// Yields the tokens that follow <paramref name="prompt"/>, each as soon as it is drawn. When prompt and continuation fill the context, the older half is
    /// forgotten and the rest read again, as models with absolute positions must.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt is empty, or holds ids outside the vocabulary.</exception>
    public IEnumerable<int> Tokens(int[] prompt, int count, SamplingConfig? sampling = null, ulong sample = 0)
    {
        if (prompt.Length == 0) throw new ArgumentException("Generation needs at least one token to start from.", nameof(prompt));
        if (prompt.FirstOrDefault(id => (uint)id >= (uint)model.Config.VocabularySize, -1) is >= 0 and var wrong)
            throw new ArgumentException($"Token {wrong} is outside the model's vocabulary of {model.Config.VocabularySize}: the tokenizer is not the model's.", nameof(prompt));
        return Iterate(prompt, count, new Sampler(sampling ?? SamplingConfig.Greedy, sample));
    }

    /// <summary>The prompt and its continuation by at most <paramref name="count"/> tokens, ended before the first of the stop strings that appears in the continuation.</summary>
    public string Text(string prompt, int count, SamplingConfig? sampling = null, IReadOnlyList<string>? stop = null, ulong sample = 0)
    {
        var text = new StringBuilder(prompt);
        foreach (var piece in Stream(prompt, count, sampling, stop, sample)) text.Append(piece);
        return text.ToString();
    }

    /// <summary>The continuation in pieces of whole characters, as they come.</summary>
    public IEnumerable<string> Stream(string prompt, int count, SamplingConfig? sampling = null, IReadOnlyList<string>? stop = null, ulong sample = 0)
    {
        var ids = tokenizer.Encode(prompt);
        if (ids.Length == 0)
            ids = [tokenizer.BeginOfText ?? tokenizer.EndOfText ?? throw new ArgumentException("The prompt is empty, and the tokenizer has no token that begins a text.", nameof(prompt))];
        var decoder = Encoding.UTF8.GetDecoder();
        var pending = new StringBuilder();
        // Text that could still become a stop string is held back.
        var hold = stop is { Count: > 0 } ? stop.Max(s => s.Length) - 1 : 0;
        foreach (var id in Tokens(ids, count, sampling, sample))
        {
            if (id == tokenizer.EndOfText) break;
            var bytes = tokenizer.TokenBytes(id);
            var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            pending.Append(characters, 0, decoder.GetChars(bytes, characters, flush: false));
            if (FindStop(pending, stop) is { } end)
            {
                if (end > 0) yield return pending.ToString(0, end);
                yield break;
            }

            if (pending.Length <= hold) continue;
            yield return pending.ToString(0, pending.Length - hold);
            pending.Remove(0, pending.Length - hold);
        }

        if (pending.Length > 0) yield return pending.ToString();
    }

    private static int? FindStop(StringBuilder text, IReadOnlyList<string>? stop)
    {
        if (stop is not { Count: > 0 }) return null;
        var all = text.ToString();
        var first = stop.Select(s => all.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        return first < 0 ? null : first;
    }

    private IEnumerable<int> Iterate(int[] prompt, int count, Sampler sampler)
    {
        var context = model.Config.ContextLength;
        var all = new List<int>(prompt);
        using var cache = new KeyValueCache(model.Config.Layers, context);
        var unread = all.TakeLast(context).ToArray();
        for (var i = 0; i < count; i++)
        {
            if (cache.Length + unread.Length > context)
            {
                cache.Reset();
                unread = [.. all.TakeLast(Math.Max(1, context / 2))];
            }

            var next = sampler.Next(Read(unread, cache), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all));
            all.Add(next);
            yield return next;
            unread = [next];
        }
    }

    // The logits behind the last of the new tokens.
    private float[] Read(int[] ids, KeyValueCache cache)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var input = Tensor.From(ids, 1, ids.Length).To(model.Device);
        return model.Logits(input, new ForwardContext { Cache = cache, LastPositionOnly = true }).ToArray();
    }
}
