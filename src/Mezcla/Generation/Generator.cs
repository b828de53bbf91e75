using System.Text;
using Mezcla.Models;
using Mezcla.Tokenization;

namespace Mezcla.Generation;

/// <summary>Continues text with a model, token by token.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="makeCache">Makes the cache for a number of layers and tokens; null for a cache of floats.</param>
public sealed class Generator(Transformer model, Tokenizer tokenizer, Func<int, int, KeyValueCache>? makeCache = null) : IDisposable
{
    private ReadTokens? _kept;

    /// <summary>
    /// Whether the cache is kept for the next continuation, which then reads only what its prompt does not share with the text before it:
    /// a conversation is not read again for each answer. Such a generator makes one continuation at a time.
    /// </summary>
    public bool KeepsCache { get; init; }

    /// <summary>Tokens that end a continuation, besides the one that ends a text: a model for conversations ends its answers so.</summary>
    public IReadOnlyCollection<int> Ends { get; init; } = [];

    /// <summary>
    /// Yields the tokens that follow <paramref name="prompt"/>, each as soon as it is drawn. When prompt and continuation fill the context,
    /// the older half is discarded and the rest is read again, because models with absolute positions need that.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt is empty, or contains ids outside the vocabulary.</exception>
    public IEnumerable<int> Tokens(int[] prompt, int count, SamplingConfig? sampling = null, ulong sample = 0)
    {
        if (prompt.Length == 0)
            throw new ArgumentException("Generation needs at least one token to start from.", nameof(prompt));
        if (prompt.FirstOrDefault(id => (uint)id >= (uint)model.Config.VocabularySize, -1) is >= 0 and var wrong)
            throw new ArgumentException(
                $"Token {wrong} is outside the model's vocabulary of {model.Config.VocabularySize}: the tokenizer is not the model's.",
                nameof(prompt));
        return Iterate(prompt, count, new Sampler(sampling ?? SamplingConfig.Greedy, sample));
    }

    /// <summary>
    /// Returns the prompt and at most <paramref name="count"/> tokens of continuation, which ends before the first stop string in it.
    /// </summary>
    public string Text(string prompt, int count, SamplingConfig? sampling = null, IReadOnlyList<string>? stop = null, ulong sample = 0)
    {
        var text = new StringBuilder(prompt);
        foreach (var piece in Stream(prompt, count, sampling, stop, sample))
            text.Append(piece);
        return text.ToString();
    }

    /// <summary>
    /// Yields the continuation in pieces of whole characters, as they are generated. Special tokens that are spelled in the
    /// prompt are read as special tokens. If the model expects a token at the beginning of a text, it is put before the prompt;
    /// the token that ends a text ends the continuation.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt is empty and the tokenizer has no token for the beginning of a
    /// text, or a stop string is empty.</exception>
    public IEnumerable<string> Stream(string prompt, int count, SamplingConfig? sampling = null, IReadOnlyList<string>? stop = null,
        ulong sample = 0)
    {
        if (stop is not null && stop.Contains(""))
            throw new ArgumentException("An empty stop string would end every text before it begins.", nameof(stop));
        var ids = Encode(prompt);
        return Pieces(Tokens(ids, count, sampling, sample), stop ?? [], prompt.Length == 0 ? -1 : ids[^1]);
    }

    /// <summary>The ids that <see cref="Stream"/> starts from.</summary>
    /// <exception cref="ArgumentException">The prompt is empty and the tokenizer has no token for the beginning of a text.</exception>
    public int[] Encode(string prompt)
    {
        var ids = tokenizer.Encode(prompt, SpecialTokenPolicy.All);
        if (tokenizer.ExpectsBeginOfText && tokenizer.BeginOfText is { } begin && ids.FirstOrDefault(-1) != begin)
            return [begin, .. ids];
        if (ids.Length > 0)
            return ids;
        return [tokenizer.BeginOfText ?? tokenizer.EndOfText
            ?? throw new ArgumentException("The prompt is empty, and the tokenizer has no token that begins a text.", nameof(prompt))];
    }

    // before: the last id of the prompt, -1 at the start of the text.
    private IEnumerable<string> Pieces(IEnumerable<int> ids, IReadOnlyList<string> stop, int before)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        var pending = new StringBuilder();
        // Text that may be the beginning of a stop string is held back.
        var hold = stop.Select(s => s.Length - 1).DefaultIfEmpty(0).Max();
        foreach (var id in ids.TakeWhile(id => id != tokenizer.EndOfText && !Ends.Contains(id)))
        {
            Append(BytesOf(id, before), flush: false);
            before = id;
            if (FindStop(pending.ToString(), stop) is var end and >= 0)
            {
                if (end > 0)
                    yield return pending.ToString(0, end);
                yield break;
            }

            var ready = pending.Length - hold;
            if (ready > 0 && char.IsHighSurrogate(pending[ready - 1]))
                ready--;
            if (ready <= 0)
                continue;
            yield return pending.ToString(0, ready);
            pending.Remove(0, ready);
        }

        Append([], flush: true); // an incomplete character at the end becomes U+FFFD
        if (pending.Length > 0)
            yield return pending.ToString();

        void Append(byte[] bytes, bool flush)
        {
            var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            pending.Append(characters, 0, decoder.GetChars(bytes, characters, flush));
        }
    }

    // What an id adds to the text after another, without a space that encoding would add there again.
    // A model may have more rows than its tokenizer has tokens. If it draws such an id, that is shown in the text instead of thrown.
    private byte[] BytesOf(int id, int before)
    {
        try
        {
            var bytes = tokenizer.TokenBytes(id);
            return bytes is [(byte)' ', .. var rest] && tokenizer.AddsSpace(before, rest) ? rest : bytes;
        }
        catch (ArgumentOutOfRangeException)
        {
            return [0xEF, 0xBF, 0xBD];
        }
    }

    private static int FindStop(string text, IReadOnlyList<string> stop) =>
        stop.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();

    private IEnumerable<int> Iterate(int[] prompt, int count, Sampler sampler)
    {
        var context = model.Config.ContextLength;
        var all = new List<int>(prompt);
        // What the model sees of them.
        var seen = all.TakeLast(context).ToList();
        // Dynamic scaling turns keys by angles that depend on the length of the text they were read in.
        var keeps = KeepsCache && model.Config.Positions.Scaling is not DynamicScaling;
        var read = keeps ? _kept ??= Begin() : Begin();
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (seen.Count > context)
                {
                    read.Cache.Reset();
                    seen = [.. all.TakeLast(Math.Max(1, context / 2))];
                }

                var logits = Read(read.Unread(seen), read.Cache);
                var next = sampler.Next(logits, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all));
                all.Add(next);
                seen.Add(next);
                yield return next;
            }
        }
        finally
        {
            if (read != _kept)
                read.Dispose();
        }

        ReadTokens Begin() => new(makeCache?.Invoke(model.Config.Layers, context) ?? new KeyValueCache(model.Config.Layers, context));
    }

    /// <summary>Releases the cache, if one is kept.</summary>
    public void Dispose()
    {
        _kept?.Dispose();
        _kept = null;
    }

    // The logits at the last of the new tokens.
    private float[] Read(int[] ids, KeyValueCache cache)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var input = Tensor.From(ids, 1, ids.Length).To(model.Device);
        return model.Logits(input, new ForwardContext { Cache = cache, LastPositionOnly = true }).ToArray();
    }
}
