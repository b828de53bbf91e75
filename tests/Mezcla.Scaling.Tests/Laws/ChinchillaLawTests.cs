using Mezcla.Scaling.Laws;

namespace Mezcla.Scaling.Tests.Laws;

public class ChinchillaLawTests
{
    private static ChinchillaLaw Law(string name) => name switch
    {
        "unrounded" => ChinchillaLaw.Hoffmann,
        "rounded" => ChinchillaLaw.HoffmannRounded,
        _ => ChinchillaLaw.Besiroglu,
    };

    [Theory]
    [InlineData("unrounded", 40.4, 2.38)]
    [InlineData("rounded", 32.2, 2.98)]
    [InlineData("besiroglu", 72.3, 1.33)]
    public void Gophers_compute_is_split_as_each_set_of_constants_says(string law, double billions, double trillions)
    {
        Allocation best = Law(law).Optimal(5.76e23);
        Assert.Equal(billions, best.Parameters / 1e9, 0.06); // the printed constants of Besiroglu give 72.25
        Assert.Equal(trillions, best.Tokens / 1e12, 2);
        Assert.Equal(5.76e23, 6 * best.Parameters * best.Tokens, 1e14);
    }

    [Fact]
    public void Rounding_alone_moves_the_ratio_of_tokens_to_parameters_to_93_and_Besiroglus_is_18_4()
    {
        Assert.Equal(93, ChinchillaLaw.HoffmannRounded.Optimal(5.76e23).TokensPerParameter, 0);
        Assert.Equal(18.4, ChinchillaLaw.Besiroglu.Optimal(5.76e23).TokensPerParameter, 1);
    }

    [Theory]
    [InlineData("besiroglu", 462, 7.76, 1.900)]
    [InlineData("unrounded", 211, 17.0, 1.822)]
    public void The_compute_rumoured_of_GPT4_would_buy(string law, double billions, double trillions, double loss)
    {
        Allocation best = Law(law).Optimal(2.15e25);
        Assert.Equal(billions, best.Parameters / 1e9, 0);
        Assert.Equal(trillions, best.Tokens / 1e12, trillions > 10 ? 1 : 2);
        Assert.Equal(loss, best.Loss!.Value, 3);
    }

    [Theory]
    [InlineData(175e9, 300e9, 1.976, 2.009)] // GPT-3
    [InlineData(280e9, 300e9, 1.967, 2.000)] // Gopher
    [InlineData(70e9, 1.4e12, 1.921, 1.974)] // Chinchilla
    [InlineData(8.03e9, 15e12, 1.943, 2.022)] // Llama 3 8B
    [InlineData(405.85e9, 15.6e12, 1.812, 1.893)] // Llama 3.1 405B
    public void Predicted_losses(double parameters, double tokens, double hoffmann, double besiroglu)
    {
        Assert.Equal(hoffmann, ChinchillaLaw.Hoffmann.Evaluate(parameters, tokens), 3);
        Assert.Equal(besiroglu, ChinchillaLaw.Besiroglu.Evaluate(parameters, tokens), 3);
    }

    [Theory]
    [InlineData("unrounded", -0.0385)]
    [InlineData("besiroglu", -0.0278)]
    public void The_next_tenfold_after_the_rumoured_compute_gains(string law, double nats) =>
        Assert.Equal(nats, Law(law).Optimal(2.15e26).Loss!.Value - Law(law).Optimal(2.15e25).Loss!.Value, 4);

    [Fact]
    public void Exponents_follow_from_the_constants()
    {
        Assert.Equal(0.513, ChinchillaLaw.Besiroglu.SizeExponent, 3);
        Assert.Equal(0.46, ChinchillaLaw.Hoffmann.SizeExponent, 2);
        Assert.Equal(0.54, ChinchillaLaw.Hoffmann.DataExponent, 2);
    }

    [Theory]
    [InlineData("unrounded")]
    [InlineData("rounded")]
    [InlineData("besiroglu")]
    public void The_closed_form_is_the_minimum(string name)
    {
        ChinchillaLaw law = Law(name);
        Allocation best = law.Optimal(1e23);
        foreach (var factor in (double[])[0.5, 0.9, 0.99, 1.01, 1.1, 2])
            Assert.True(law.Evaluate(best.Parameters * factor, best.Tokens / factor) > best.Loss!.Value);
        Assert.Equal(best.Compute, law.OptimalForSize(best.Parameters).Compute, 1e11);
        Assert.Equal(best.Tokens, law.TokensForLoss(best.Parameters, best.Loss!.Value), best.Tokens * 1e-9);
        Assert.Equal(double.PositiveInfinity, law.TokensForLoss(1e6, law.Irreducible));
    }

    [Fact]
    public void Hoffmanns_table_3_is_consistent_to_a_percent_but_for_the_row_of_67_billion()
    {
        foreach (HoffmannRow row in HoffmannTables.Rows)
        {
            var check = 6 * row.Parameters * row.Tokens1 / row.Compute1;
            if (row.Parameters == 67e9)
                Assert.Equal(1.047, check, 3);
            else
                Assert.InRange(check, 0.995, 1.0095);
        }

        Assert.Equal(0.498, HoffmannTables.Approach1.Exponent, 3);
        Assert.Equal(20.0, HoffmannTables.Rows[0].Tokens1 / HoffmannTables.Rows[0].Parameters, 1);
        Assert.Equal(21.6, HoffmannTables.Rows[^1].Tokens1 / HoffmannTables.Rows[^1].Parameters, 1);
    }

    [Fact]
    public void Table_A3_has_one_entry_ten_times_too_small()
    {
        HoffmannRow slip = Assert.Single(HoffmannTables.Rows, row => row.Approach3Check is < 0.9 or > 1.1);
        Assert.Equal(175e9, slip.Parameters);
        Assert.Equal(10.000, slip.Approach3Check, 3);
    }

    [Fact]
    public void The_columns_of_compute_are_in_units_of_Gophers_compute()
    {
        foreach (HoffmannRow row in HoffmannTables.Rows)
            Assert.Equal(row.GopherUnits, row.Compute1 / HoffmannTables.GopherCompute, row.GopherUnits * 0.02);
    }

    [Fact]
    public void Approaches_1_and_2_give_back_their_tables()
    {
        foreach (HoffmannRow row in HoffmannTables.Rows)
        {
            Assert.Equal(row.Parameters, HoffmannTables.Approach1.Optimal(row.Compute1).Parameters, row.Parameters * 0.05);
            Assert.Equal(row.Compute2, HoffmannTables.Approach2.ComputeFor(row.Parameters), row.Compute2 * 0.1);
        }

        Assert.Equal(0.49, HoffmannTables.Approach2.Exponent, 2);
    }

    [Fact]
    public void Llama_3s_law_as_printed_falls_short_of_the_papers_own_tokens()
    {
        Allocation best = TokenLaw.Llama3.Optimal(3.8e25);
        Assert.Equal(10.5, best.Tokens / 1e12, 1);
        Assert.Equal(3.8e25, 6 * best.Parameters * best.Tokens, 1e16);
    }

    [Fact]
    public void Use_makes_smaller_models_worthwhile()
    {
        InferenceAwarePlan plan = new InferenceAwareLaw(ChinchillaLaw.Hoffmann).OptimalForQualityOf(13e9, 2e12);
        Assert.Equal(7.12, plan.Parameters / 1e9, 2);
        Assert.Equal(1.30, plan.TrainingTokens / 1e12, 2);
        Assert.Equal(1.63e22, plan.Baseline - plan.TotalCompute, 0.005e22);
        Assert.Equal(0.163, plan.Saving, 3);

        InferenceAwarePlan rounded = new InferenceAwareLaw(ChinchillaLaw.HoffmannRounded).OptimalForQualityOf(13e9, 2e12);
        Assert.Equal(8.0, rounded.Parameters / 1e9, 1);
        Assert.Equal(0.10, rounded.Saving, 2);

        Assert.Equal(0, new InferenceAwareLaw(ChinchillaLaw.Hoffmann).OptimalForQualityOf(13e9, 0).Saving, 6);
        Assert.Throws<ArgumentOutOfRangeException>(() => new InferenceAwareLaw(ChinchillaLaw.Hoffmann).Optimal(1.5, 1e12));
    }
}
