namespace Mezcla.Experiments.Comparisons;

/// <summary>
/// An n-gram model: it predicts the next token from the counts of what followed the n-1 tokens before it. Each order is interpolated with
/// the next lower order (Jelinek and Mercer 1980, with Witten-Bell weights), down to the uniform distribution, so that no token has
/// probability zero. n = 2 is the bigram model.
/// </summary>
public sealed class NgramModel
{
    private readonly int _order, _vocabulary;
    private readonly Dictionary<ulong, Context>[] _contexts;

    private sealed class Context
    {
        public readonly Dictionary<int, int> Followers = [];
        public int Total;
    }

    /// <summary>Counts the n-grams of <paramref name="ids"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">n is below 1, or contexts of this length do not fit in 64 bits.</exception>
    public NgramModel(ReadOnlySpan<int> ids, int vocabularySize, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        if ((n - 1) * Math.Log2(vocabularySize + 1) > 64)
            throw new ArgumentOutOfRangeException(nameof(n), n, $"Contexts of {n - 1} tokens of {vocabularySize} do not fit 64 bits.");
        (_order, _vocabulary) = (n, vocabularySize);
        foreach (var id in ids)
            if ((uint)id >= (uint)vocabularySize)
                throw new ArgumentException($"Token {id} is outside the vocabulary of {vocabularySize}.", nameof(ids));
        _contexts = new Dictionary<ulong, Context>[n];
        for (var length = 0; length < n; length++)
        {
            _contexts[length] = [];
            for (var i = length; i < ids.Length; i++)
            {
                var key = Key(ids.Slice(i - length, length));
                if (!_contexts[length].TryGetValue(key, out var context))
                    _contexts[length][key] = context = new Context();
                context.Followers[ids[i]] = context.Followers.GetValueOrDefault(ids[i]) + 1;
                context.Total++;
            }
        }
    }

    /// <summary>Probability of <paramref name="next"/> after
    /// <paramref name="before"/> (any number of tokens; the last n-1 count).</summary>
    public double Probability(ReadOnlySpan<int> before, int next)
    {
        var probability = 1.0 / _vocabulary;
        for (var length = 0; length < _order && length <= before.Length; length++)
        {
            if (!_contexts[length].TryGetValue(Key(before[^length..]), out var context))
                break;
            // Witten-Bell: a context that was followed by many different tokens gives more weight to the shorter context.
            var kinds = context.Followers.Count;
            probability = (context.Followers.GetValueOrDefault(next) + kinds * probability) / (context.Total + kinds);
        }

        return probability;
    }

    /// <summary>The mean of −ln P over <paramref name="ids"/>: the cross-entropy, in nats per token.</summary>
    public double CrossEntropy(ReadOnlySpan<int> ids)
    {
        if (ids.Length < 2)
            throw new ArgumentException("At least two tokens are needed.", nameof(ids));
        var sum = 0.0;
        for (var i = 1; i < ids.Length; i++)
            sum -= Math.Log(Probability(ids[Math.Max(0, i - _order + 1)..i], ids[i]));
        return sum / (ids.Length - 1);
    }

    private ulong Key(ReadOnlySpan<int> context)
    {
        var key = 0UL;
        foreach (var id in context)
        {
            if ((uint)id >= (uint)_vocabulary)
                throw new ArgumentException($"Token {id} is outside the vocabulary of {_vocabulary}.");
            key = key * (ulong)(_vocabulary + 1) + (ulong)(id + 1);
        }

        return key;
    }
}
