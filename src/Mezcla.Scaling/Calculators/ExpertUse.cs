namespace Mezcla.Scaling.Calculators;

/// <summary>Counts of experts and of sets of experts.</summary>
public static class ExpertUse
{
    /// <summary>
    /// The expected number of distinct experts that a batch of <paramref name="tokens"/> uses when each token draws <paramref name="topK"/>
    /// of <paramref name="experts"/> at random: E·(1 - (1 - k/E)^b).
    /// </summary>
    public static double Touched(double experts, double topK, double tokens) => experts * (1 - Math.Pow(1 - topK / experts, tokens));

    /// <summary>How many sets of <paramref name="topK"/> experts can be chosen from <paramref name="experts"/>: the binomial
    /// coefficient.</summary>
    public static double Combinations(int experts, int topK)
    {
        double count = 1;
        topK = Math.Min(topK, experts - topK);
        if (topK < 0)
            return 0;
        for (var i = 1; i <= topK && double.IsFinite(count); i++)
            count = count * (experts - topK + i) / i;
        return Math.Round(count);
    }
}
