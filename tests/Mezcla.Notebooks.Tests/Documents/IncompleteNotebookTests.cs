using System.Text.Json.Nodes;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Tests.Documents;

/// <summary>Notebooks of other programs that the format does not allow, and that can still be understood.</summary>
public sealed class IncompleteNotebookTests
{
    [Theory]
    [InlineData("{}", ".net-csharp", ".NET (C#)")]
    [InlineData("null", ".net-csharp", ".NET (C#)")]
    [InlineData("""{"display_name": "C# 14"}""", ".net-csharp", "C# 14")]
    [InlineData("""{"name": 3, "display_name": ""}""", ".net-csharp", ".NET (C#)")]
    [InlineData("""{"name": "mine", "display_name": "Mine"}""", "mine", "Mine")]
    public void A_kernel_without_name_gets_one(string kernel, string name, string display)
    {
        var written = Notebook.Parse($$"""{"cells": [], "metadata": {"kernelspec": {{kernel}}}, "nbformat": 4, "nbformat_minor": 5}""")
            .ToJson();
        var read = JsonNode.Parse(written)!["metadata"]!["kernelspec"]!;
        Assert.Equal((name, display), (read["name"]!.GetValue<string>(), read["display_name"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData(""", "level": 2""", "## Results and more")]
    [InlineData(""", "level": "two" """, "# Results and more")]
    [InlineData("", "# Results and more")]
    public void A_heading_of_nbformat_3_becomes_markdown(string level, string text)
    {
        var notebook = Notebook.Parse("\ufeff" + $$"""
            {"cells": [{"cell_type": "heading"{{level}}, "source": ["Results\n", "and more"], "metadata": []},
              {"cell_type": "code", "id": "same", "source": "1", "metadata": { } },
              {"cell_type": "code", "id": "same", "source": "2", "metadata": { } }],
             "metadata": [], "nbformat": 4, "nbformat_minor": 5}
            """);
        Assert.Equal(CellKind.Markdown, notebook.Cells[0].Kind);
        Assert.Equal(text, notebook.Cells[0].Source);
        Assert.Equal(3, notebook.Cells.Select(cell => cell.Id).Distinct().Count());
        Assert.DoesNotContain("level", notebook.ToJson());
    }

    [Fact]
    public void A_notebook_without_kernel_gets_none() =>
        Assert.DoesNotContain("kernelspec",
            Notebook.Parse("""{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}""").ToJson());

    [Theory]
    [InlineData("""["// setup", "Console.WriteLine(42);"]""", true)]
    [InlineData("""["// setup\n", "Console.WriteLine(42);"]""", false)]
    [InlineData("""["Console.WriteLine(42);"]""", false)]
    [InlineData("\"Console.WriteLine(42);\"", false)]
    public async Task Lines_without_line_ends_are_warned_of(string source, bool warned)
    {
        var notebook = Notebook.Parse(
            $$"""
            {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": {{source}}, "outputs": [], "execution_count": null}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            """);
        Assert.Equal(warned, notebook.Cells[0].Warning is not null);
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.True(run.Succeeded);
        var errors = run.Notebook.Cells[0].Outputs.OfType<StreamOutput>().Where(o => o.Stream == OutputStream.Error);
        Assert.Equal(warned, errors.Any(o => o.Text.Contains("the 2 lines of this cell have no line ends")));
    }
}
