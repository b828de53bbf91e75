using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Tests;

/// <summary>Cells of Polyglot notebooks: other languages, and values that go from one to another.</summary>
public sealed class PolyglotTests
{
    [Fact]
    public async Task Other_languages_are_passed_over_and_the_run_goes_on()
    {
        using var engine = new CellEngine();
        var output = new RecordingOutput();
        var result = await engine.RunAsync("""
            var first = 1;
            #!fsharp
            let x = 1 // #!share belongs to F#
            #!share --from csharp first
            #!sql-northwind
            select 1
            #!csharp
            first + 1
            """, output);
        Assert.Null(result.Error);
        Assert.Equal(2, result.ReturnValue);
        Assert.Equal(["F#", "SQL"], output.Out.TrimEnd().Split('\n').Select(line => line.Split(' ')[3].TrimEnd('.')));
    }

    [Theory]
    [InlineData("""{"polyglot_notebook": {"kernelName": "fsharp"}}""", "These lines are F#.")]
    [InlineData("""{"dotnet_interactive": {"language": "pwsh"}}""", "These lines are PowerShell.")]
    [InlineData("""{"polyglot_notebook": {"kernelName": "northwind"}}""", "These lines are northwind.")]
    [InlineData("""{"polyglot_notebook": {"kernelName": "csharp"}}""", null)]
    [InlineData("""{"polyglot_notebook": [1]}""", null)]
    public async Task A_cell_is_in_the_language_that_its_notebook_says(string metadata, string? said)
    {
        var source = said is null ? "1 + 1" : "let x = 1";
        var notebook = Notebook.Parse($$"""
            {"cells": [{"cell_type": "code", "id": "a", "metadata": {{metadata}}, "source": "{{source}}", "outputs": [],
             "execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            """);
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.True(run.Succeeded);
        var shown = Assert.Single(notebook.Cells[0].Outputs);
        if (said is null)
            Assert.Equal("2", Assert.IsType<DisplayOutput>(shown).Bundle[MimeBundle.PlainText]);
        else
            Assert.StartsWith(said, Assert.IsType<StreamOutput>(shown).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diagram_of_mermaid_has_its_mime_type_and_its_text()
    {
        using var engine = new CellEngine();
        var bundle = await Show(engine, "#!mermaid\ngraph LR\n  a --> b");
        Assert.Equal("graph LR\n  a --> b", bundle[MimeBundle.Mermaid]);
        Assert.Equal("graph LR\n  a --> b", bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public async Task A_text_in_a_notebook_becomes_a_variable()
    {
        using var engine = new CellEngine();
        await Run(engine, "#!value --name rows\na \"quoted\" {line}\n#not a directive\n");
        Assert.Equal("a \"quoted\" {line}\n#not a directive", (await Run(engine, "#!share --from value rows\nrows")).ReturnValue);
        Assert.Equal(true, (await Run(engine, "#!set --name copy --value @value:rows\ncopy == rows")).ReturnValue);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "from a file");
            await Run(engine, $"#!value --name text --from-file \"{file}\"");
            Assert.Equal("from a file", (await Run(engine, "#!share --from value text --as other\nother")).ReturnValue);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_value_is_set_from_csharp_or_from_what_is_written()
    {
        using var engine = new CellEngine();
        await Run(engine, "var data = new[] { 1, 2 };");
        Assert.Equal(3, (await Run(engine, "#!set --name copy --value @csharp:data\ncopy.Sum()")).ReturnValue);
        Assert.Equal(2.5, (await Run(engine, "#!set --name number --value 2.5\nnumber")).ReturnValue);
        Assert.Equal("2.5", (await Run(engine, "#!set --name text --value \"2.5\"\ntext")).ReturnValue);
        await Run(engine, "#!share --from csharp data");
    }

    [Fact]
    public async Task A_script_gets_values_as_json()
    {
        using var engine = new CellEngine();
        await Run(engine, "record Point(double X, string Name); var data = new[] { new Point(1.5, \"</script>\") };\n#!value --name t\nhi");
        var script = (await Show(engine, """
            #!javascript
            #!share --from csharp data
            #!set --name copy --value @value:t
            show(data, copy)
            """))[MimeBundle.JavaScript];
        Assert.Equal("var data = [{\"X\":1.5,\"Name\":\"\\u003C/script\\u003E\"}];\nvar copy = \"hi\";\nshow(data, copy)", script);

        await Run(engine, "var endless = new Dictionary<string, object>(); endless[\"self\"] = endless;");
        var result = await engine.RunAsync("#!javascript\n#!share --from csharp endless", new RecordingOutput());
        Assert.Contains("endless cannot be written as JSON", result.Error!.Message);
    }

    private static async Task<CellResult> Run(CellEngine engine, string code)
    {
        var result = await engine.RunAsync(code, new RecordingOutput());
        Assert.True(result.Error is null, result.Error?.Message);
        return result;
    }

    private static async Task<MimeBundle> Show(CellEngine engine, string code)
    {
        var output = new RecordingOutput();
        Assert.Null((await engine.RunAsync(code, output)).Error);
        return Assert.Single(output.Displays).Bundle;
    }
}
