using Mezcla.Scaling.Claims;

namespace Mezcla.Scaling.Tests.Claims;

public class ShippedClaimTests
{
    private static readonly ClaimReport[] Reports = [.. ClaimFile.Shipped.Select(ClaimChecker.Check)];

    private static ClaimResult Find(string words) =>
        Assert.Single(Reports.SelectMany(report => report.Claims), claim => claim.Claim.Said.Contains(words));

    [Fact]
    public void Six_files_ship() => Assert.Equal(6, Reports.Length);

    [Fact]
    public void What_does_not_hold_is_corrected_and_what_holds_is_not()
    {
        foreach (ClaimResult claim in Reports.SelectMany(report => report.Claims))
        {
            var said = claim.Claim.Said + " " + claim.Why;
            Assert.NotEmpty(claim.Claim.Who);
            switch (claim.Verdict)
            {
                case Verdict.Holds:
                    Assert.True(claim.Claim.Correction is null, said);
                    break;
                case Verdict.DoesNotHold:
                    Assert.True(claim.Claim.Correction is not null && claim.Claim.Note is null, said);
                    break;
                default:
                    Assert.True(claim.Claim.Expression is null, said);
                    Assert.True(claim.Claim.Reason is not null || claim.Claim.Status == ClaimStatus.Opinion, said);
                    break;
            }
        }
    }

    [Fact]
    public void Everything_on_the_inside_of_GPT4_is_labelled_rumour()
    {
        ClaimFile file = ClaimFile.Shipped.Single(file => file.Title.Contains("how GPT-4 is built"));
        Assert.All(file.Statements, statement => Assert.Equal(ClaimStatus.Rumour, statement.Status));
        Assert.All(Reports.SelectMany(report => report.Claims)
            .Where(claim => claim.Claim.Said.Contains("GPT-4 is") || claim.Claim.Said.Contains("GPT-4 has")
                || claim.Claim.Said.Contains("GPT-4 looks") || claim.Claim.Said.Contains("Training GPT-4")),
                claim => Assert.Equal(ClaimStatus.Rumour, claim.Claim.Status));
    }

    [Theory]
    [InlineData("560 TFLOPs", "1,000 times too large")]
    [InlineData("17.2 times the data", "19.7")]
    [InlineData("22,515.9 times the data", "144")]
    [InlineData("approach 3 are consistent", "10 times too small")]
    [InlineData("multi-query", "15,049")]
    [InlineData("six times as fast", "5.355")]
    [InlineData("63 million dollars", "57,000,000")]
    [InlineData("1986", "1989")]
    public void Known_slips_are_found(string said, string why)
    {
        ClaimResult claim = Find(said);
        Assert.Equal(Verdict.DoesNotHold, claim.Verdict);
        Assert.Contains(why, claim.Why);
    }

    [Theory]
    [InlineData("16 experts of 111 billion and 55", 1.831e12)]
    [InlineData("a quarter of its size", 3.626)]
    [InlineData("two experts of 111 and the shared 55", 277)]
    [InlineData("8 models of 220", 1.76e12)]
    [InlineData("46.7 billion", 46_702_792_704)]
    [InlineData("12.9 billion", 12_879_925_248)]
    [InlineData("308 million dollars", 308.4e6)]
    [InlineData("28.9 billion dollars", 28.94e9)]
    [InlineData("5.36 times fewer", 5.355)]
    [InlineData("1.48 times fewer", 1.4755)]
    [InlineData("93.4 GB", 93.4e9)]
    [InlineData("32 to 36 %", 0.336)]
    public void And_what_is_right_is_confirmed(string said, double value)
    {
        ClaimResult claim = Find(said);
        Assert.Equal(Verdict.Holds, claim.Verdict);
        Assert.Equal(value, claim.Computed!.Value, value * 0.001);
    }

    [Fact]
    public void Quotations_have_a_place_and_a_translation_and_tolerances_a_reason()
    {
        var claims = Reports.SelectMany(report => report.Claims).Select(result => result.Claim).ToArray();
        Assert.True(claims.Count(claim => claim.Quote is not null) > 30);
        foreach (PublishedClaim claim in claims)
        {
            Assert.True(claim.Place.Length > 0 || claim.Who.StartsWith("this course"), claim.Said);
            Assert.True(claim.Language is null == claim.Translation is null, claim.Said);
            Assert.True(claim.Language is null || claim.Quote is not null, claim.Said);
            Assert.True(claim.Tolerance is null == claim.Because is null, claim.Said);
        }
    }

    [Fact]
    public void Opinions_are_not_refuted() => Assert.All(
        Reports.SelectMany(report => report.Claims).Where(claim => claim.Claim.Status == ClaimStatus.Opinion),
        claim => Assert.Equal(Verdict.CannotBeChecked, claim.Verdict));

    [Fact]
    public void The_rumour_contradicts_itself_twice()
    {
        ConsistencyReport report = Reports.Single(report => report.Consistency is not null).Consistency!;
        Assert.Empty(report.Unusable);
        Assert.Equal(2, report.Conflicts.Count);
        Assert.Contains(report.Conflicts,
            conflict => conflict.Statements.Select(s => s.Quantity).Order().SequenceEqual(["cost", "days", "gpus", "price"]));
        Assert.Contains(report.Conflicts,
            conflict => conflict.Statements.Any(s => s.Quantity == "kv_share") && conflict.Statements.Any(s => s.Quantity == "attention"));
    }
}
