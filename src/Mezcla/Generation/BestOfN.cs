namespace Mezcla.Generation;

/// <summary>Spending compute at test time: several answers, one chosen.</summary>
public static class BestOfN
{
    /// <summary>The answer with the highest score, the first of equals.</summary>
    /// <exception cref="ArgumentException">No answers.</exception>
    public static T Best<T>(IEnumerable<T> answers, Func<T, double> score) =>
        answers.Select(answer => (answer, score: score(answer))).Aggregate((a, b) => b.score > a.score ? b : a).answer;

    /// <summary>The answer given most often, the first of equals (self-consistency, Wang et al. 2022).</summary>
    /// <exception cref="InvalidOperationException">No answers.</exception>
    public static T MajorityVote<T>(IEnumerable<T> answers) => answers.GroupBy(a => a).OrderByDescending(g => g.Count()).First().Key;

    /// <summary>
    /// pass@k without bias: the chance that at least one of k answers is right, from n answers
    /// of which c were: 1 − C(n−c, k)/C(n, k) (Chen et al. 2021, eq. 1).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 ≤ c ≤ n and 1 ≤ k ≤ n.</exception>
    public static double PassAtK(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        var none = 1.0;
        // The ratio of binomials as a product, which does not overflow.
        for (var i = 0; i < k; i++)
            none *= Math.Max(0, (double)(n - c - i) / (n - i));
        return 1 - none;
    }
}
