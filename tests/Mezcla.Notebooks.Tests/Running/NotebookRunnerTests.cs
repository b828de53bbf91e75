using System.Text.Json.Nodes;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Tests.Running;

public class NotebookRunnerTests
{
    [Fact]
    public async Task Cells_run_in_order_and_their_outputs_are_kept()
    {
        var seen = new List<string>();
        var notebook = Make("var x = 20;",
            "Console.Write(\"a\"); Console.Write(\"b\"); Console.Error.Write(\"e\"); CellFunctions.display(x);", "x + 1");
        notebook.Cells.Insert(1, new(CellKind.Markdown, "prose"));
        notebook.Cells.Add(new(CellKind.Code, "  "));
        notebook.Cells[0].Outputs.Add(new StreamOutput(OutputStream.Out, "old"));
        var run = await NotebookRunner.RunAsync(notebook, new() { Progress = p => seen.Add($"{p.GetType().Name} {p.Number}/{p.Count}") });

        Assert.Empty(run.Errors.Select(e => e.Error.Message));
        Assert.Equal((3, 3), (run.CellsRun, run.CellCount));
        Assert.Empty(notebook.Cells[0].Outputs);
        Assert.Equal(new StreamOutput(OutputStream.Out, "ab"), notebook.Cells[2].Outputs[0]);
        Assert.Equal(new StreamOutput(OutputStream.Error, "e"), notebook.Cells[2].Outputs[1]);
        Assert.Equal("20", Assert.IsType<DisplayOutput>(notebook.Cells[2].Outputs[2]).Bundle[MimeBundle.PlainText]);
        var value = Assert.IsType<DisplayOutput>(Assert.Single(notebook.Cells[3].Outputs));
        Assert.Equal(("21", 3, true), (value.Bundle[MimeBundle.PlainText], value.ExecutionCount, value.IsResult));
        Assert.Equal([1, null, 2, 3, null], notebook.Cells.Select(c => c.ExecutionCount));
        Assert.Equal("CellStarted 1/3", seen[0]);
        Assert.Equal("CellEnded 3/3", seen[^1]);
        Assert.Contains("CellPrinted 2/3", seen);
    }

    [Fact]
    public async Task A_cell_that_throws_ends_the_run_and_the_error_is_saved()
    {
        var path = Path.Combine(Path.GetTempPath(), $"mezcla-{Guid.NewGuid():N}.ipynb");
        try
        {
            var run = await NotebookRunner.RunAsync(Make("1", "throw new InvalidOperationException(\"too bad\");", "Console.Write(3);"),
                new() { SaveTo = path });
            Assert.False(run.Succeeded);
            Assert.Equal((2, 3), (run.CellsRun, run.CellCount));
            var saved = Notebook.Read(path);
            var error = Assert.IsType<ErrorOutput>(Assert.Single(saved.Cells[1].Outputs));
            Assert.Equal(("System.InvalidOperationException", "too bad"), (error.Name, error.Message));
            Assert.Empty(saved.Cells[2].Outputs);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Cells_that_may_fail_do_not_end_the_run()
    {
        var notebook = Make("throw new Exception();", "1", "throw new Exception(\"2\");", "2");
        notebook.Cells[0].Metadata["tags"] = new JsonArray(NotebookRunner.MayFail);
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.Equal((3, 1), (run.CellsRun, run.Errors.Count));
        run = await NotebookRunner.RunAsync(notebook, new() { AllowErrors = true });
        Assert.Equal((4, 1), (run.CellsRun, run.Errors.Count));
        Assert.False(run.Succeeded);
    }

    [Fact]
    public async Task Claims_are_counted_and_one_that_does_not_hold_fails_its_cell()
    {
        var notebook = Make(
            "Claim.Check(\"two\", 2, 1 + 1, source: \"school\");\nClaim.Holds(\"so <it> is\", true, \"seen\");",
            "Claim.Check(\"pi\", 3.14159, 22 / 7.0, 0.001, \"Archimedes\");");
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.Equal((2, 1, 1), (run.ClaimsHeld, run.ClaimsFailed, run.Errors.Count));
        var held = Assert.IsType<DisplayOutput>(notebook.Cells[0].Outputs[1]).Bundle;
        Assert.Contains("so &lt;it&gt; is", held[MimeBundle.Html]);
        Assert.StartsWith("✓ so <it> is", held[MimeBundle.PlainText]);
        var error = Assert.IsType<ErrorOutput>(notebook.Cells[1].Outputs[^1]);
        Assert.EndsWith("ClaimFailedException", error.Name);
        Assert.Contains("expected: 3.14159 (± 0.001)", error.Message);
        Assert.Contains("obtained: 3.142857142857", error.Message);
        Assert.Contains("Archimedes", error.Message);
        Assert.Equal(["two", "so <it> is", "pi"], NotebookRunner.Claims(notebook).Select(c => c.What));
    }

    [Theory]
    [InlineData("Claim.Check(\"nan\", 1, double.NaN, 10);")]
    [InlineData("Claim.Check(\"far\", 1, 1.1, 0.05);")]
    [InlineData("Claim.Holds(\"no\", false);")]
    public async Task Claims_fail_when_they_should(string code) =>
    Assert.Equal(1, (await NotebookRunner.RunAsync(Make(code))).ClaimsFailed);

    [Theory]
    [InlineData("Claim.Check(\"infinite\", double.PositiveInfinity, double.PositiveInfinity);")]
    [InlineData("Claim.Check(\"edge\", 1, 1.5, 0.5);")]
    public async Task Claims_hold_when_they_should(string code) => Assert.Equal(1, (await NotebookRunner.RunAsync(Make(code))).ClaimsHeld);

    [Fact]
    public async Task A_cell_that_takes_too_long_is_stopped_and_says_so()
    {
        var notebook = Make("await Task.Delay(-1);", "2");
        var run = await NotebookRunner.RunAsync(notebook, new() { CellTimeout = TimeSpan.FromSeconds(1.5) });
        Assert.Equal(1, run.CellsRun);
        Assert.Equal("Timeout", run.Errors[0].Error.Name);
        Assert.Contains("1.5 s", run.Errors[0].Error.Message);
        Assert.IsType<ErrorOutput>(Assert.Single(notebook.Cells[0].Outputs));
    }

    [Fact]
    public async Task Cancelling_keeps_what_ran()
    {
        using var cancel = new CancellationTokenSource();
        var notebook = Make("1", "Console.WriteLine(\"x\"); await Task.Delay(-1);", "3");
        var run = await NotebookRunner.RunAsync(notebook, new()
        {
            Progress = p =>
        {
            if (p is CellPrinted)
                cancel.Cancel();
        }
        }, cancel.Token);
        Assert.Equal(2, run.CellsRun);
        Assert.NotEmpty(notebook.Cells[0].Outputs);
        Assert.Equal(new StreamOutput(OutputStream.Out, "x\n"), notebook.Cells[1].Outputs[0]);
        Assert.Equal("Interrupted", run.Errors[0].Error.Name);
    }

    [Fact]
    public async Task Parameters_come_after_the_cell_tagged_so()
    {
        var notebook = Make("var steps = 100; var name = \"a\"; var rate = 0.5; var on = false;", "$\"{steps + 1} {name} {rate} {on}\"");
        notebook.Cells[0].Metadata["tags"] = new JsonArray("parameters");
        var options =
            new NotebookRunOptions
            {
                Parameters = new Dictionary<string, string> { ["steps"] = "5", ["name"] = "q\"uote", ["rate"] = "1e-3", ["on"] = "true" }
            };
        for (var again = 0; again < 2; again++)
        {
            Assert.True((await NotebookRunner.RunAsync(notebook, options)).Succeeded);
            Assert.Equal(3, notebook.Cells.Count);
            Assert.Equal("6 q\"uote 0.001 True", Assert.IsType<DisplayOutput>(notebook.Cells[2].Outputs[0]).Bundle[MimeBundle.PlainText]);
        }
        await Assert.ThrowsAsync<ArgumentException>(
            () => NotebookRunner.RunAsync(notebook, new() { Parameters = new Dictionary<string, string> { ["a b"] = "1" } }));
    }

    [Fact]
    public async Task Displays_are_updated_in_their_place_and_skipped_cells_are_skipped()
    {
        var notebook = Make("var h = CellFunctions.display(\"first\"); Console.WriteLine(\"between\");", "h.Update(\"second\");",
            "throw new Exception();");
        notebook.Cells[2].Metadata["tags"] = new JsonArray(NotebookRunner.Skip);
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.Empty(run.Errors.Select(e => e.Error.Message));
        Assert.Equal("second", Assert.IsType<DisplayOutput>(notebook.Cells[0].Outputs[0]).Bundle[MimeBundle.PlainText]);
        Assert.Empty(notebook.Cells[1].Outputs);
    }

    [Fact]
    public async Task Nobody_answers_input()
    {
        var run = await NotebookRunner.RunAsync(Make("Console.ReadLine()"));
        Assert.Contains("input", run.Errors[0].Error.Message);
    }

    private static Notebook Make(params string[] cells)
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.AddRange(cells.Select(c => new NotebookCell(CellKind.Code, c)));
        return notebook;
    }
}
