using Mezcla.Tensors;

namespace Mezcla.Experiments.Observation;

/// <summary>
/// Mutual information, in nats: how much one label tells about another, I(a; b) = Σ p(a, b) ln(p(a, b) / (p(a) p(b))). An estimate from a
/// sample is above zero even for independent labels, and grows with the number of labels. The estimate for shuffled labels is therefore
/// subtracted.
/// </summary>
public static class MutualInformation
{
    /// <summary>The entropy of labels, in nats.</summary>
    public static double Entropy(IReadOnlyList<int> labels) =>
        -labels.CountBy(label => label).Sum(group => (double)group.Value / labels.Count * Math.Log((double)group.Value / labels.Count));

    /// <summary>I(a; b) as estimated from the counts, without correction.</summary>
    /// <exception cref="ArgumentException">The lists have different lengths.</exception>
    public static double Counted(IReadOnlyList<int> a, IReadOnlyList<int> b)
    {
        if (a.Count != b.Count)
            throw new ArgumentException($"There are {a.Count} labels and {b.Count} labels; the numbers must be equal.", nameof(b));
        return Entropy(a) + Entropy(b) + a.Zip(b).CountBy(pair => pair)
            .Sum(group => (double)group.Value / a.Count * Math.Log((double)group.Value / a.Count));
    }

    /// <summary>I(a; b) minus its average after <paramref name="b"/> is shuffled.</summary>
    /// <param name="a">Labels.</param>
    /// <param name="b">Other labels of the same items.</param>
    /// <param name="shuffles">How many shuffles.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    public static double Of(IReadOnlyList<int> a, IReadOnlyList<int> b, int shuffles = 5, ulong seed = 1) =>
        Given(a, b, null, shuffles, seed);

    /// <summary>
    /// The conditional mutual information I(a; b | given): the mutual information of a and b for each value of <paramref name="given"/>,
    /// averaged over the values, minus the same after b is shuffled among items with the same value. It measures, for example, how much the
    /// domain still tells about the expert if the token is known. A value for which b is always the same adds 0.
    /// </summary>
    /// <param name="a">Labels.</param>
    /// <param name="b">Other labels of the same items.</param>
    /// <param name="given">The labels that are known; null for none.</param>
    /// <param name="shuffles">How many shuffles.</param>
    /// <param name="seed">Seed of the shuffles.</param>
    /// <exception cref="ArgumentException">The lists have different lengths.</exception>
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
