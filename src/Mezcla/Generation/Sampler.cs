namespace Mezcla.Generation;

/// <summary>Draws tokens from logits as specified by a <see cref="SamplingConfig"/>.</summary>
public sealed class Sampler
{
    private readonly SamplingConfig _config;
    private readonly RandomStream _random;

    /// <summary>Makes a sampler with its own stream of random numbers.</summary>
    /// <param name="config">How to draw.</param>
    /// <param name="sample">The number of the sample; each number has its own stream.</param>
    public Sampler(SamplingConfig config, ulong sample = 0)
    {
        config.Validate();
        _config = config;
        _random = new RandomStream(config.Seed, sample);
    }

    /// <summary>The next token.</summary>
    /// <param name="logits">One logit for each token of the vocabulary.</param>
    /// <param name="before">The tokens so far, for the repetition penalty.</param>
    public int Next(ReadOnlySpan<float> logits, ReadOnlySpan<int> before)
    {
        if (_config.Temperature == 0 && _config.RepetitionPenalty == 1)
            return ArgMax(logits);
        var probabilities = Probabilities(logits, before);
        return _config.Temperature == 0 ? ArgMax(probabilities) : Draw(probabilities, _random.NextFloat());
    }

    /// <summary>
    /// The distribution that <see cref="Next"/> draws from. It sums to one; tokens that a filter removed have probability zero.
    /// </summary>
    public float[] Probabilities(ReadOnlySpan<float> logits, ReadOnlySpan<int> before)
    {
        var values = logits.ToArray();
        if (_config.RepetitionPenalty != 1)
            foreach (var id in before.ToArray().Distinct())
                values[id] = values[id] > 0 ? values[id] / _config.RepetitionPenalty : values[id] * _config.RepetitionPenalty;
        if (_config.Temperature == 0)
        {
            var best = ArgMax(values);
            Array.Clear(values);
            values[best] = 1;
            return values;
        }

        for (var i = 0; i < values.Length; i++)
            values[i] /= _config.Temperature;
        if (_config.TopK > 0 && _config.TopK < values.Length)
            KeepTopK(values);
        Softmax(values);
        if (_config.TopP < 1)
            KeepTopP(values);
        var least = values.Max() * _config.MinP;
        for (var i = 0; i < values.Length; i++)
            if (values[i] < least)
                values[i] = 0;
        var sum = values.Sum();
        for (var i = 0; i < values.Length; i++)
            values[i] /= sum;
        return values;
    }

    /// <summary>
    /// The index at which the running sum of <paramref name="probabilities"/> first exceeds <paramref name="uniform"/> in [0, 1).
    /// </summary>
    public static int Draw(ReadOnlySpan<float> probabilities, float uniform)
    {
        var (sum, last) = (0.0, 0);
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] <= 0)
                continue;
            sum += probabilities[i];
            last = i;
            if (uniform < sum)
                return i;
        }

        return last;
    }

    /// <summary>The index of the largest value; the first one if several are equal.</summary>
    internal static int ArgMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best])
                best = i;
        return best;
    }

    private void KeepTopK(float[] values)
    {
        // If logits at the cut-off are equal, the smaller ids are kept, so that exactly k tokens remain.
        var kept = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(_config.TopK).ToHashSet();
        for (var i = 0; i < values.Length; i++)
            if (!kept.Contains(i))
                values[i] = float.NegativeInfinity;
    }

    private void KeepTopP(float[] values)
    {
        var sum = 0.0;
        foreach (var i in Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ToArray())
        {
            if (sum >= _config.TopP)
                values[i] = 0;
            sum += values[i];
        }
    }

    private static void Softmax(float[] values)
    {
        var max = values.Max();
        for (var i = 0; i < values.Length; i++)
            values[i] = MathF.Exp(values[i] - max);
        var sum = values.Sum();
        for (var i = 0; i < values.Length; i++)
            values[i] /= sum;
    }
}
