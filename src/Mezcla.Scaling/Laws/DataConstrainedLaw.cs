namespace Mezcla.Scaling.Laws;

/// <summary>
/// A law for text that is read several times (Muennighoff et al. 2023, section 3.1 and appendix A): tokens read again, and parameters
/// beyond the size that is best for the text, count for less and less. With R = D/U − 1 repetitions, D tokens of which U are different
/// count as U + U·R*·(1 − e^(−R/R*)).
/// </summary>
/// <param name="Single">The law of one epoch, L = E + A/N^α + B/D^β.</param>
/// <param name="TokenRepetitions">R*_D: the number of repetitions after which the value of another one has fallen to 1/e.</param>
/// <param name="ParameterRepetitions">R*_N: the same for parameters.</param>
public sealed record DataConstrainedLaw(ChinchillaLaw Single, double TokenRepetitions, double ParameterRepetitions)
{
    /// <summary>The constants of appendix A, with the digits of the paper's TeX source; text C4.</summary>
    public static DataConstrainedLaw Muennighoff { get; } = new(
        new("Muennighoff", "Muennighoff et al. 2023, appendix A, text C4",
            Math.Exp(0.6254804), Math.Exp(6.255414), 0.3526596, Math.Exp(7.3049974), 0.3526596),
        15.387756, 5.309743);

    /// <summary>The number of new tokens that would be worth as much as <paramref name="tokens"/>, of which <paramref name="unique"/> are
    /// different; at most unique·(1 + R*_D).</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public double EffectiveTokens(double unique, double tokens) => Effective(unique, tokens, TokenRepetitions);

    /// <summary>The number of parameters that <paramref name="parameters"/> are worth for <paramref name="unique"/> different
    /// tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public double EffectiveParameters(double parameters, double unique)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unique);
        return Effective(BestSize(unique), parameters, ParameterRepetitions);
    }

    /// <summary>Loss in nats per token of a model of <paramref name="parameters"/> that reads <paramref name="tokens"/>, of which
    /// <paramref name="unique"/> are different. It never rises with more repetition, although losses in fact do.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public double Evaluate(double parameters, double unique, double tokens) =>
        Single.Evaluate(EffectiveParameters(parameters, unique), EffectiveTokens(unique, tokens));

    // The size for which so many tokens are compute-optimal. By the law of one epoch, N grows as C^a and D as C^b.
    private double BestSize(double tokens)
    {
        var one = Single.Optimal(1);
        return one.Parameters * Math.Pow(tokens / one.Tokens, Single.SizeExponent / Single.DataExponent);
    }

    private static double Effective(double unique, double all, double decay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unique);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(all);
        if (all <= unique)
            return all;
        var repetitions = all / unique - 1;
        return unique * (1 + decay * (1 - Math.Exp(-repetitions / decay)));
    }
}
