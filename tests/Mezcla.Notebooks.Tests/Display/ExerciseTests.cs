using System.Text.Json.Nodes;
using Mezcla.Notebooks.Cells;

namespace Mezcla.Notebooks.Tests;

/// <summary>Exercises answer the reader, and never fail a cell.</summary>
public sealed class ExerciseTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    private const string Task =
        ".Expect(\"of 3\", 6, () => Twice(3)).Expect(\"of 0\", 0, () => Twice(0)).Hint(\"Add it to itself.\").Hint(\"x + x\")";

    [Fact]
    public async Task As_given_it_shows_its_hints_and_the_cell_runs()
    {
        var bundle = await Shown("int Twice(int x) => throw new NotImplementedException();");
        Assert.Equal("○ Twice: yours to solve\n  Hint 1: Add it to itself.\n  Hint 2: x + x", bundle[MimeBundle.PlainText]);
        Assert.Contains("<details><summary>Hint 2</summary>x + x</details>", bundle[MimeBundle.Html]);
        Assert.False(Json(bundle)["solved"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_wrong_answer_is_shown_beside_the_right_one()
    {
        var bundle = await Shown("int Twice(int x) => x + 2;");
        Assert.StartsWith("✗ Twice: 0 of 2 checks pass\n  ✗ of 3: expected 6, obtained 5\n  ✗ of 0: expected 0, obtained 2\n  Hint 1",
            bundle[MimeBundle.PlainText], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_answer_throws_is_shown_and_other_checks_still_run()
    {
        var bundle = await Shown("int Twice(int x) => x == 0 ? throw new InvalidOperationException(\"zero <b>\") : 2 * x;");
        Assert.Contains("✓ of 3\n  ✗ of 0: expected 0, obtained InvalidOperationException: zero <b>", bundle[MimeBundle.PlainText]);
        Assert.Contains("zero &lt;b&gt;", bundle[MimeBundle.Html]);
        Assert.Equal(1, Json(bundle)["passed"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_right_answer_solves_it_and_hints_go()
    {
        var bundle = await Shown("int Twice(int x) => 2 * x;");
        Assert.Equal("✓ Twice: solved\n  ✓ of 3\n  ✓ of 0", bundle[MimeBundle.PlainText]);
        Assert.DoesNotContain("Hint", bundle[MimeBundle.Html]);
        Assert.True(Json(bundle)["solved"]!.GetValue<bool>());
    }

    [Fact]
    public void Sequences_are_compared_element_by_element_and_numbers_within_the_tolerance()
    {
        Assert.True(new Exercise("").ExpectAll("list", [1, 2], () => new List<int> { 1, 2 }).Solved);
        Assert.True(new Exercise("").Expect("nested", new[] { new[] { 1.0 }, [2.0] }, () => [[1.001], [2.0]], tolerance: 0.01).Solved);
        Assert.False(new Exercise("").ExpectAll("shorter", [1, 2], () => [1]).Solved);
        Assert.False(new Exercise("").Expect("far", 1.0, () => 1.1, tolerance: 0.01).Solved);
        Assert.False(new Exercise("").Expect("not a number", 1.0, () => double.NaN, tolerance: 9).Solved);
        Assert.False(new Exercise("").Expect<string?>("null", "a", () => null).Solved);
        Assert.True(new Exercise("").Require("holds", () => true).Solved);
        Assert.False(new Exercise("nothing to check").Solved);
    }

    private async Task<MimeBundle> Shown(string answer)
    {
        var (result, _) = await cells.Run($"{answer}\nnew Exercise(\"Twice\"){Task}");
        Assert.Null(result.Error);
        return result.Value!;
    }

    private static JsonObject Json(MimeBundle bundle) => JsonNode.Parse(bundle[Exercise.MimeType]!)!.AsObject();
}
