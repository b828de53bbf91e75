using System.Text.Json.Nodes;
using Mezcla.Notebooks.Cells;
using Mezcla.Tests;

namespace Mezcla.Interactive.Tests;

/// <summary>The course in .NET Interactive's own kernel.</summary>
public sealed class InteractiveKernelTests(DotnetInteractive kernel) : IClassFixture<DotnetInteractive>
{
    /// <summary>The first cell of every chapter.</summary>
    private const string FirstCell = "#!import \"mezcla.csx\"";

    public static TheoryData<string> ChaptersOfToday =>
        [.. Rotation.Today(Directory.EnumerateFiles(DotnetInteractive.Chapters, "*.ipynb")
            .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal), shift: 1)];

    [Fact]
    public void Mezclas_types_look_there_as_in_its_own_kernel()
    {
        (string Code, string Mime, string Text)[] cells =
        [
            ("Chart.Bars(\"A\", y: \"y\").Add(\"s\", [\"a\", \"b\"], [1.0, 2.0])", "text/html", "<svg"),
            ("display(new ChartGrid([Chart.Bars(\"A\", y: \"y\").Add(\"s\", [\"a\"], [1.0])], columns: 1));", "text/html", "<svg"),
            ("display(TokenText.Pieces([\"to\", \"ken\"], [1, 2]));", "text/html", "class=\"mzt\""),
            ("Claim.Check(\"two\", expected: 2, obtained: 2);", Claim.MimeType, "\"holds\":true"),
            ("try { Claim.Holds(\"never\", false); } catch (ClaimFailedException) { }", Claim.MimeType, "\"holds\":false"),
            ("new Question(\"Q\").Answer(\"a\", \"b\").Answer(\"c\", \"d\", correct: true)", Question.MimeType, "\"c\""),
            ("new Exercise(\"E\").Expect(\"of 3\", 6, () => 6)", Exercise.MimeType, "\"solved\":true"),
            ("new[] { new { A = 1, B = \"x\" } }", "text/html", "class=\"mz"),
            ("using (var bar = Progress.Bar(2, \"work\")) bar.Report(2);", "text/plain", "work: 2 in"),
            ("foreach (var i in new[] { 1, 2 }.WithProgress(\"loop\")) { }", "text/plain", "loop: 2 in"),
            ("SVG(\"<svg xmlns='http://www.w3.org/2000/svg'></svg>\")", "text/html", "data:image/svg+xml"),
            ("MarkdownText(\"**strong**\")", "text/html", "<strong>"),
            ("display(HTML(\"<b>bold</b>\"));", "text/html", "<b>bold</b>"),
            ("Tensor.From([1f, 2f], 2).ToString()", "text/plain", "[1, 2]"),
            ("new List<string> { \"a\" }.Count", "text/html", "1"),
            ("using Microsoft.Data.Analysis;\nnew DataFrame(new Int32DataFrameColumn(\"n\", new[] { 1 }))", "text/html",
                "title=\"int\">n</th>"),
            ("new[] { new { A = (int?)null } }.ToDataFrame()", "text/html", "title=\"int, 1 null\">A</th>"),
            ("Chart.Lines(\"L\").Add(\"s\", [1, 2], [1, 2]).ToPlotly()", "text/html", "mezclaDraw"),
        ];
        var ran = kernel.Run(DotnetInteractive.Notebook([FirstCell, .. cells.Select(cell => cell.Code)]));
        foreach (var ((code, mime, text), cell) in cells.Zip(ran.Skip(1)))
            Assert.True(cell["outputs"]!.AsArray().Any(output => Text(output!["data"]?[mime]).Contains(text, StringComparison.Ordinal)),
                $"{code} shows no {mime} with {text}, but {cell["outputs"]!.ToJsonString()}");
    }

    [Fact]
    public void A_claim_that_does_not_hold_fails_the_run() =>
        Assert.Contains("ClaimFailedException", kernel.Fail(DotnetInteractive.Notebook(FirstCell, "Claim.Holds(\"never\", false);")));

    [Theory]
    [MemberData(nameof(ChaptersOfToday))]
    public void A_chapter_runs_there_with_its_claims_and_figures(string chapter)
    {
        var notebook = JsonNode.Parse(File.ReadAllText(Path.Combine(DotnetInteractive.Chapters, chapter + ".ipynb")))!;
        var written = DotnetInteractive.CodeCells(notebook);
        Assert.True(written.Count > 0 && Text(written[0]["source"]) == FirstCell, $"{chapter} does not begin with the cell {FirstCell}.");
        var ran = kernel.Run(notebook);
        Assert.Equal(written.Count, ran.Count);
        for (var i = 0; i < ran.Count; i++)
            Assert.Equal((i, Figures(written[i]), Claims(written[i])), (i, Figures(ran[i]), Claims(ran[i])));
    }

    [Fact]
    public void Three_days_take_every_chapter_once_and_two_rotations_different_ones()
    {
        string[] all = ["a", "b", "c", "d", "e"];
        Assert.Equal(all, Enumerable.Range(7, 3).SelectMany(day => Rotation.On(day, all, 0)).Order());
        Assert.Empty(Rotation.On(7, all, 0).Intersect(Rotation.On(7, all, 1)));
    }

    // A saved notebook holds a picture as SVG alone, a running kernel as HTML.
    private static int Figures(JsonNode cell) => cell["outputs"]!.AsArray().Count(output => output!["data"]?["image/svg+xml"] is not null
        || Text(output["data"]?["text/html"]).Contains("<svg", StringComparison.Ordinal));

    private static int Claims(JsonNode cell) => cell["outputs"]!.AsArray().Count(output => output!["data"]?[Claim.MimeType] is not null);

    // Notebooks hold text as one string or as a list of lines, and JSON as it is; .NET Interactive sends JSON as text.
    private static string Text(JsonNode? node) => node switch
    {
        null => "",
        JsonArray lines => string.Concat(lines.Select(line => line!.GetValue<string>())),
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => node.ToJsonString(),
    };
}
