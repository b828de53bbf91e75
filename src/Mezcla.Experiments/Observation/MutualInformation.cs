using Mezcla.Tensors;

namespace Mezcla.Experiments.Observation;

/// <summary>
/// How much one label tells about another, in nats: I(a; b) = Σ p(a, b) ln(p(a, b) / (p(a) p(b))). Estimated from a sample it is above zero
/// even for independent labels, and the more so the more labels there are. The value for shuffled labels is therefore subtracted.
/// </summary>
public static class MutualInformation
{
    /// <summary>The entropy of labels, in nats.</summary>
    public static double Entropy(IReadOnlyList<int> labels) =>
        -labels.CountBy(label => label).Sum(group => (double)group.Value / labels.Count * Math.Log((double)group.Value / labels.Count));

    /// <summary>I(a; b) as counted, without correction.</summary>
    /// <exception cref="ArgumentException">The lists are not equally long.</exception>
    public static double Counted(IReadOnlyList<int> a, IReadOnlyList<int> b)
    {
        if (a.Count != b.Count)
            throw new ArgumentException($"{a.Count} labels and {b.Count} labels do not go together.", nameof(b));
        return Entropy(a) + Entropy(b) + a.Zip(b).CountBy(pair => pair)
            .Sum(group => (double)group.Value / a.Count * Math.Log((double)group.Value / a.Count));
    }

    /// <summary>I(a; b) less what it is on average after <paramref name="b"/> was shuffled.</summary>
    /// <param name="a">Labels.</param>
    /// <param name="b">Labels of the same things.</param>
    /// <param name="shuffles">How many shuffles.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    public static double Of(IReadOnlyList<int> a, IReadOnlyList<int> b, int shuffles = 5, ulong seed = 1) =>
        Given(a, b, null, shuffles, seed);

    /// <summary>
    /// I(a; b | given), the mean over the values of <paramref name="given"/> of what a and b share there, less the same after b was
    /// shuffled among things of the same value: what the domain still tells about the expert once
    /// the token is known. A value with which b is always the same adds 0.
    /// </summary>
    /// <param name="a">Labels.</param>
    /// <param name="b">Labels of the same things.</param>
    /// <param name="given">What is known; null for nothing.</param>
    /// <param name="shuffles">How many shuffles.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    /// <exception cref="ArgumentException">The lists are not equally long.</exception>
    public static double Given(IReadOnlyList<int> a, IReadOnlyList<int> b, IReadOnlyList<int>? given, int shuffles = 5, ulong seed = 1)
    {
        int[][] groups = given is null
            ? [[.. Enumerable.Range(0, a.Count)]]
            : [.. given.Select((value, i) => (value, i)).GroupBy(pair => pair.value, pair => pair.i).Select(group => group.ToArray())];
        var random = new RandomStream(seed);
        double sum = 0;
        foreach (var group in groups)
        {
            int[] mine = [.. group.Select(i => a[i])], other = [.. group.Select(i => b[i])];
            double counted = Counted(mine, other), chance = 0;
            if (counted == 0)
                continue;
            for (var i = 0; i < shuffles; i++)
            {
                Shuffle(other, random);
                chance += Counted(mine, other) / shuffles;
            }

            sum += (counted - chance) * group.Length / a.Count;
        }

        return sum;
    }

    private static void Shuffle(int[] values, RandomStream random)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = random.NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
