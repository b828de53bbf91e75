using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Laws;

public class DataConstrainedLawTests
{
    private static DataConstrainedLaw Law => DataConstrainedLaw.Muennighoff;

    [Theory]
    [InlineData(1.87, 521, 1488)]
    public void Its_constants_round_to_those_that_are_printed(double irreducible, double parameters, double tokens)
    {
        Assert.Equal(irreducible, Law.Single.Irreducible, 2);
        Assert.Equal(parameters, Law.Single.ParameterCoefficient, 0.5);
        Assert.Equal(tokens, Law.Single.TokenCoefficient, 0.5);
    }

    // The example of appendix A: R* = 3, one token, read five times, is worth 3.21; read 101 times, 3.99 (rounded down there).
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3.21)]
    [InlineData(101, 4)]
    public void Repeated_tokens_are_worth_what_the_paper_computes(double read, double worth) =>
        Assert.Equal(worth, (Law with { TokenRepetitions = 3 }).EffectiveTokens(1, read), 2);

    [Fact]
    public void One_epoch_of_a_model_of_the_best_size_follows_the_law_of_one_epoch()
    {
        var best = Law.Single.Optimal(1e21);
        Assert.Equal(best.Loss!.Value, Law.Evaluate(best.Parameters, best.Tokens, best.Tokens), 9);
    }

    // The paper prints U_N = 0.051 · U_D.
    [Fact]
    public void The_size_that_suits_the_text_is_a_twentieth_of_it()
    {
        var best = Law.Single.Optimal(1e21);
        Assert.Equal(0.051, best.Parameters / best.Tokens, 3);
        Assert.Equal(best.Parameters * 2, Law.EffectiveParameters(2 * best.Parameters, best.Tokens), best.Parameters * 0.1);
    }

    [Fact]
    public void What_is_not_positive_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Law.EffectiveTokens(0, 10));
}
