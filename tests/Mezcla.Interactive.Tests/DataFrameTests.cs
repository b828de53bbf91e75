using Mezcla.Experiments.Records;
using Mezcla.Notebooks;
using Mezcla.Scaling.Claims;
using Mezcla.Training;
using Microsoft.Data.Analysis;

namespace Mezcla.Interactive.Tests;

/// <summary>Data frames of Microsoft.Data.Analysis: those that records give, and how notebooks show them.</summary>
public sealed class DataFrameTests
{
    [Fact]
    public void A_run_has_a_row_for_each_step_and_null_where_nothing_was_measured()
    {
        TrainingStep[] steps = [new(1, 2, 5.5, 5.25, 1e-3, 0.5, 100, 0.1, 5.0), new(2, 2, 4.5, 4.25, 2e-3, 0.25, 200, 0.2)];
        var run = new RunRecord
        {
            Model = null!,
            Training = null!,
            Source = null!,
            DataSha256 = "",
            Steps = steps,
        };
        var frame = run.ToDataFrame();
        Assert.Equal(["Step", "Loss", "CrossEntropy", "LearningRate", "GradientNorm", "Tokens", "Seconds", "ValidationLoss"],
            frame.Columns.Select(column => column.Name));
        Assert.Equal((2L, 200L, 4.5), (frame.Rows.Count, (long)frame["Tokens"][1], (double)frame["Loss"][1]));
        Assert.Equal((5.0, null), ((double)frame["ValidationLoss"][0], frame["ValidationLoss"][1]));
    }

    [Fact]
    public void Claims_have_their_words_their_verdict_and_both_numbers()
    {
        var claims = ClaimChecker.Check(ClaimFile.Parse("""
            claim: 2 + 2 = 4
              said: two and two are four
              who: an article
            """)).Claims;
        var frame = claims.ToDataFrame();
        Assert.Equal(("two and two are four", "an article", "Holds", 4.0),
            ((string)frame["Said"][0], (string)frame["Who"][0], (string)frame["Verdict"][0], (double)frame["Computed"][0]));
    }

    [Fact]
    public void Values_keep_their_types_and_the_rest_becomes_text()
    {
        var frame = new[] { (Row)new(1, 2, 3f, 4, true, DayOfWeek.Monday, "a", new DateTime(2026, 1, 2)),
            new(5, null, 6f, 7, false, 0, null, default) }
            .ToDataFrame();
        Assert.Equal([typeof(int), typeof(long), typeof(float), typeof(double), typeof(bool), typeof(string), typeof(string),
            typeof(DateTime)],
            frame.Columns.Select(column => column.DataType));
        Assert.Equal(("Monday", null, null), (frame["Day"][0], frame["Text"][1], frame["Long"][1]));
        Assert.Equal(0, Array.Empty<Row>().ToDataFrame().Rows.Count);
    }

    [Fact]
    public async Task A_frame_is_a_table_with_an_index_types_under_the_pointer_and_visible_nulls()
    {
        using var engine = Courses.Engine();
        var shown = await Courses.Run(engine, """
            using Microsoft.Data.Analysis;
            new DataFrame(new Int32DataFrameColumn("count", new int?[] { 7, null }), new StringDataFrameColumn("word", new[] { "", null }))
            """);
        var html = shown[MimeBundle.Html]!;
        Assert.Contains("title=\"int, 1 null\">count</th>", html);
        Assert.Contains("title=\"string, 1 null\">word</th>", html);
        Assert.Contains(">1</th><td class=\"n\"><i class=\"m\">null</i></td><td><i class=\"m\">null</i></td>", html);
        Assert.Contains("<td class=\"n\">7</td><td></td>", html);
        Assert.Equal("   count  word\n─  ─────  ────\n0      7\n1   null  null", shown[MimeBundle.PlainText]);
    }

    [Fact]
    public async Task A_long_frame_shows_its_first_and_last_rows_and_how_many_are_left_out()
    {
        using var engine = Courses.Engine();
        var shown = await Courses.Run(engine, "Enumerable.Range(100, 1000).Select(i => new { Number = i }).ToDataFrame()");
        var (html, text) = (shown[MimeBundle.Html]!, shown[MimeBundle.PlainText]!);
        Assert.Contains("… 985 rows left out, 1,000 in all", html);
        Assert.Equal(15 + 2, html.Split("<tr>").Length - 1);
        Assert.Contains("  9     109\n… 985 rows left out, 1,000 in all\n995    1095\n", text);
        Assert.EndsWith("999    1099", text);
        var whole = await Courses.Run(engine, "Enumerable.Range(0, 20).Select(i => new { Number = i }).ToDataFrame()");
        Assert.DoesNotContain("left out", whole[MimeBundle.Html]);
    }

    [Fact]
    public async Task Cells_can_register_a_formatter_of_their_own_and_a_frame_inside_a_list_is_a_table_too()
    {
        using var engine = Courses.Engine();
        var list = await Courses.Run(engine, "new object[] { \"x\", new[] { new { A = 1 } }.ToDataFrame() }");
        Assert.Contains(">A</th>", list[MimeBundle.Html]);
        await Courses.Run(engine, "Formatter.Register<Microsoft.Data.Analysis.DataFrame>(f => $\"<b>{f.Rows.Count}</b>\"); 0");
        Assert.Equal("<b>1</b>", (await Courses.Run(engine, "new[] { new { A = 1 } }.ToDataFrame()"))[MimeBundle.Html]);
    }

    private sealed record Row(int Int, long? Long, float Single, double Double, bool Truth, DayOfWeek Day, string? Text, DateTime Time);
}
