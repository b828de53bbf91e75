namespace Mezcla.Experiments.Inference;

/// <summary>Methods of test-time compute that generate several answers and choose one.</summary>
public static class BestOfN
{
    /// <summary>The answer with the highest score; the first one if several are equal.</summary>
    /// <exception cref="ArgumentException">There are no answers.</exception>
    public static T Best<T>(IEnumerable<T> answers, Func<T, double> score) =>
        answers.Select(answer => (answer, score: score(answer))).Aggregate((a, b) => b.score > a.score ? b : a).answer;

    /// <summary>The most frequent answer; the first one if several are equal (self-consistency, Wang et al. 2022).</summary>
    /// <exception cref="InvalidOperationException">There are no answers.</exception>
    public static T MajorityVote<T>(IEnumerable<T> answers) => answers.GroupBy(a => a).OrderByDescending(g => g.Count()).First().Key;

    /// <summary>
    /// The unbiased estimate of pass@k, the probability that at least one of k answers is right. If c of n answers were right, it is 1 −
    /// C(n−c, k)/C(n, k) (Chen et al. 2021, eq. 1).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">c is not between 0 and n, or k is not between 1 and n.</exception>
    public static double PassAtK(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        var none = 1.0;
        // The ratio of binomials is computed as a product, which does not overflow.
        for (var i = 0; i < k; i++)
            none *= Math.Max(0, (double)(n - c - i) / (n - i));
        return 1 - none;
    }
}
