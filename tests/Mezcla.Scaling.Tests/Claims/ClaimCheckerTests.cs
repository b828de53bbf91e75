using FsCheck.Xunit;
using Mezcla.Scaling.Claims;

namespace Mezcla.Scaling.Tests.Claims;

public class ClaimCheckerTests
{
    private static ClaimResult Check(string expression, string expected, string relation = "=", string? tolerance = null) =>
        ClaimChecker.Check(new PublishedClaim { Expression = expression, Expected = expected, Relation = relation, Tolerance = tolerance });

    [Theory]
    [InlineData("46.74e9", "46.7e9", "=", null, Verdict.Holds)]
    [InlineData("46.76e9", "46.7e9", "=", null, Verdict.DoesNotHold)]
    [InlineData("277", "280", "=", "2%", Verdict.Holds)]
    [InlineData("277", "280", "=", "1%", Verdict.DoesNotHold)]
    [InlineData("277", "280", "=", "±3", Verdict.Holds)]
    [InlineData("277", "280", "=", "2.9", Verdict.DoesNotHold)]
    [InlineData("277.4", "277", "=", null, Verdict.Holds)]
    [InlineData("277.6", "277", "=", null, Verdict.DoesNotHold)]
    [InlineData("1/3", "2/6", "=", null, Verdict.Holds)]
    [InlineData("3", "4", "<", null, Verdict.Holds)]
    [InlineData("3", "3", "<", null, Verdict.DoesNotHold)]
    [InlineData("3", "3", "<=", null, Verdict.Holds)]
    [InlineData("3", "2", ">", null, Verdict.Holds)]
    [InlineData("3", "4", ">=", null, Verdict.DoesNotHold)]
    [InlineData("3", "4", "~", null, Verdict.CannotBeChecked)]
    [InlineData("3", "4", "=", "much", Verdict.CannotBeChecked)]
    [InlineData("3 +", "4", "=", null, Verdict.CannotBeChecked)]
    public void A_verdict_follows_from_the_digits_as_written(string expression, string expected, string relation, string? tolerance,
        Verdict verdict) =>
        Assert.Equal(verdict, Check(expression, expected, relation, tolerance).Verdict);

    [Fact]
    public void The_reason_tells_by_how_much_and_gives_the_correction()
    {
        ClaimResult claim = ClaimChecker.Check(
            new PublishedClaim { Expression = "2*280e9", Expected = "560e12", Unit = "FLOP", Correction = "GFLOPs were meant." });
        Assert.Equal(Verdict.DoesNotHold, claim.Verdict);
        Assert.Equal("560,000,000,000 against 560,000,000,000,000 FLOP: 1,000 times too large. GFLOPs were meant.", claim.Why);
        Assert.Equal(560e9, claim.Computed);
        Assert.Equal(560e12, claim.Expected);
    }

    [Fact]
    public void What_cannot_be_checked_says_why()
    {
        Assert.Contains("opinion", ClaimChecker.Check(new PublishedClaim { Status = ClaimStatus.Opinion }).Why);
        Assert.Equal("No data. It was 1989.",
            ClaimChecker.Check(new PublishedClaim { Reason = "No data.", Correction = "It was 1989." }).Why);
        Assert.Equal("expression, column 1: there is no function 'parms', did you mean 'params'?.".Replace("?.", "?."),
            Check("parms('gpt2')", "1").Why);
        Assert.Contains("expected value", ClaimChecker.Check(new PublishedClaim { Expression = "1" }).Why);
    }

    private const string Text = """
        # heard in a talk
        title: A talk
        define: total = 16 * 111e9 + 55e9
        define: broken = 1 / 0

        claim: total = 1.8e12 within 2%
          said: GPT-4 has 1.8 trillion parameters,
                says somebody
          who: an article
          status: rumour
        claim: broken = 3
        claim: 2 + 2 > 5   # no
          correction: It is 4.
        claim:
          said: scale is all
          status: opinion
        statement: experts = 16
          who: A
        statement: experts = 8
          who: B
        relation: experts <= 1000
          why: nobody has more
        """;

    [Fact]
    public void The_text_form()
    {
        ClaimReport report = ClaimChecker.Check(ClaimFile.Parse(Text));
        Assert.Equal("A talk", report.Title);
        Assert.Equal([Verdict.Holds, Verdict.CannotBeChecked, Verdict.DoesNotHold, Verdict.CannotBeChecked],
            report.Claims.Select(claim => claim.Verdict));
        Assert.Equal("GPT-4 has 1.8 trillion parameters, says somebody", report.Claims[0].Claim.Said);
        Assert.Equal(ClaimStatus.Rumour, report.Claims[0].Claim.Status);
        Assert.Equal("line 11, expression, column 1: 'broken' has no value: line 4, column 3: this divides by zero.", report.Claims[1].Why);
        Assert.Equal(2, report.Count(Verdict.CannotBeChecked));
        Conflict conflict = Assert.Single(report.Consistency!.Conflicts);
        Assert.Equal("experts = 16 (A); experts = 8 (B)", conflict.ToString());
    }

    [Fact]
    public void The_JSON_form()
    {
        var file = ClaimFile.Parse("""
            {
              "definitions": { "total": "16 * 111e9 + 55e9" },
              "claims": [
                { "said": "1.8 trillion", "status": "rumour", "expression": "total", "expected": 1.8e12, "tolerance": "2%" },
                { "said": "46.7 billion", "expression": "params('mixtral-8x7b')", "expected": 46.7e9 },
                { "said": "opinions", "status": "opinion" },
              ],
              "statements": [ { "quantity": "experts", "value": 16, "who": "A" } ],
              "relations": [ "slots = 2 * experts", { "formula": "slots > 1", "why": "so" } ]
            }
            """, "name");
        ClaimReport report = ClaimChecker.Check(file);
        Assert.Equal("name", report.Title);
        Assert.Equal([Verdict.Holds, Verdict.Holds, Verdict.CannotBeChecked], report.Claims.Select(claim => claim.Verdict));
        Assert.Contains(report.Consistency!.Follows, follow => follow is { Quantity: "slots" } && Math.Abs(follow.Low - 32) < 1e-6);
    }

    [Theory]
    [InlineData("""
        { "claims": [ { "said": "ten times", "quote": "diez veces", "language": "es", "translation": "tenfold", "who": "A",
          "place": "page 3", "expression": "10.4", "expected": 10, "tolerance": "1", "because": "a round number" } ] }
        """)]
    [InlineData("""
        claim: 10.4 = 10 within 1
          said: ten times
          quote: diez veces
          language: es
          translation: tenfold
          who: A
          place: page 3
          because: a round number
        """)]
    public void Both_forms_carry_the_sources_words_and_displays_show_them(string text)
    {
        ClaimResult claim = Assert.Single(ClaimChecker.Check(ClaimFile.Parse(text)).Claims);
        Assert.Equal(1, claim.Tolerance);
        Assert.Equal("«diez veces» (“tenfold”)", ClaimWords.Quotation(claim.Claim));
        Assert.Equal("A: page 3", ClaimWords.Where(claim.Claim));
        Assert.Equal("± 1: a round number", ClaimWords.Tolerance(claim));
        foreach (var shown in (string[])[claim.ToMimeBundle()["text/plain"], claim.ToMimeBundle()["text/html"],
            ClaimChecker.Check(ClaimFile.Parse(text)).ToMimeBundle()["text/plain"]])
        {
            Assert.All((string[])["diez veces", "tenfold", "A: page 3", "a round number", "10.4"], part => Assert.Contains(part, shown));
        }
    }

    [Theory]
    [InlineData("{\"said\":\"s\",\"who\":\"A\",\"quote\":\"q\",\"expression\":\"1\",\"expected\":\"1\"}",
        "quoted; computed", "A")]
    [InlineData("{\"said\":\"s\",\"who\":\"A\",\"status\":\"rumour\",\"reason\":\"r\"}",
        "in our words, not quoted; nothing computed", "A (rumour)")]
    [InlineData("{\"said\":\"s\",\"who\":\"A\",\"status\":\"opinion\",\"reason\":\"r\"}",
        "in our words, not quoted; an opinion", "A (opinion)")]
    [InlineData("{\"said\":\"s\",\"who\":\"this course\",\"status\":\"rumour\",\"expression\":\"1\",\"expected\":\"1\"}",
        "a claim of our own; computed", "this course (from the numbers of a rumour)")]
    public void Every_claim_says_whose_words_it_is_in_and_whether_it_was_computed(string json, string kind, string origin)
    {
        var report = ClaimChecker.Check(ClaimFile.Parse($"{{\"claims\":[{json}]}}"));
        Assert.Equal((kind, origin), (ClaimWords.Kind(report.Claims[0].Claim), ClaimWords.Origin(report.Claims[0].Claim)));
        foreach (var shown in new[] { report.Claims[0].ToMimeBundle(), report.ToMimeBundle() }.SelectMany(bundle => bundle.Values))
            Assert.All((string[])[kind, origin], part => Assert.Contains(part, shown));
    }

    [Fact]
    public void A_tolerance_that_nobody_chose_is_half_a_unit_of_the_last_digit()
    {
        ClaimResult claim = Check("46.74e9", "46.7e9");
        Assert.Equal(0.05e9, claim.Tolerance!.Value, 1);
        Assert.Equal("± 50,000,000: half a unit of the last digit said", ClaimWords.Tolerance(claim));
        Assert.Equal("± 0.2: half a unit of the last digit said", ClaimWords.Tolerance(claim with { Tolerance = 0.2 }));
        Assert.Equal("exactly", ClaimWords.Tolerance(Check("3", "3", tolerance: "0")));
        Assert.Equal("", ClaimWords.Tolerance(Check("3", "4", "<")));
        Assert.Equal("“as it is”", ClaimWords.Quotation(new() { Quote = "as it is" }));
        Assert.Equal("", ClaimWords.Quotation(new()));
    }

    [Theory]
    [InlineData("{ \"claims\": [ }", "line 1, column 15")]
    [InlineData("{ \"claims\": 3 }", "claims: a list is expected")]
    [InlineData("{ \"claims\": [ 3 ] }", "claims[0]: an object is expected")]
    [InlineData("{ \"claims\": [ {} ] }", "claims[0]: 'said' is missing")]
    [InlineData("{ \"claims\": [ { \"said\": \"x\", \"statuss\": \"x\" } ] }", "no property 'statuss'")]
    [InlineData("{ \"claims\": [ { \"said\": \"x\", \"status\": \"gossip\" } ] }", "not one of measured, rumour and opinion")]
    [InlineData("{ \"claims\": [ { \"said\": [] } ] }", "claims[0].said: a number or text")]
    [InlineData("{ \"statements\": [ { \"value\": 1 } ] }", "'quantity' is missing")]
    [InlineData("{ \"definitions\": [] }", "definitions: an object")]
    [InlineData("claim 2 + 2", "line 1: an entry such as")]
    [InlineData("guess: 2", "line 1: 'guess' is not one of")]
    [InlineData("  said: x", "line 1: an indented line")]
    [InlineData("claim: 1 = 1\n  what", "line 2: one of said")]
    [InlineData("claim: 1 = 1\n  said: a\n  said: b", "line 3: this entry has 'said' already")]
    [InlineData("statement: 3", "'statement: name = value' is expected")]
    [InlineData("statement: x = 3\n  said: a", "'statement' has no 'said'; it has who, status")]
    [InlineData("define: 3x = 3", "'define: name = value' is expected")]
    public void A_file_that_cannot_be_read_says_where_and_why(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ClaimFileException>(() => ClaimFile.Parse(text)).Message);

    [Property]
    public void Whatever_the_text_nothing_but_a_ClaimFileException_comes_out(string text)
    {
        foreach (var candidate in (string[])[text ?? "", "{" + text, "claim: " + text, "statement: x = " + text,
            "relation: " + text + "\nstatement: x = 1"])
        {
            try
            {
                ClaimChecker.Check(ClaimFile.Parse(candidate)).ToMimeBundle();
            }
            catch (ClaimFileException)
            {
            }
        }
    }

    [Fact]
    public void A_notebook_shows_tables_with_everything_escaped()
    {
        IReadOnlyDictionary<string, string> bundle = ClaimChecker.Check(ClaimFile.Parse(Text.Replace("says somebody", "<b>bold</b>")))
            .ToMimeBundle();
        Assert.Contains("&lt;b&gt;bold&lt;/b&gt;", bundle["text/html"]);
        Assert.Contains("cannot all be true", bundle["text/html"]);
        Assert.Contains("does not hold", bundle["text/plain"]);
        Assert.Contains("experts = 16 (A); experts = 8 (B)", bundle["text/plain"]);
    }

    [Fact]
    public void A_file_on_disk_is_named_by_its_name()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.claims");
        File.WriteAllText(path, "claim: 1 = 1");
        try
        {
            Assert.Equal(Path.GetFileNameWithoutExtension(path), ClaimFile.Read(path).Title);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
