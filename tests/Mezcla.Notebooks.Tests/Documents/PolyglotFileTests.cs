using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Tests.Documents;

/// <summary>Files of the format <c>.dib</c>.</summary>
public sealed class PolyglotFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_file_is_read_and_runs()
    {
        var notebook = Read("""
            #!meta

            {"kernelInfo":{"defaultKernelName":"csharp","items":[{"name":"csharp"},{"name":"northwind","languageName":"SQL"}]}}

            #!markdown

            # Title

            #!csharp

            var x = 20;

            #!F#

            let y = 1

            #!northwind

            select 1

            #!csharp

            x + 1
            """);
        Assert.Equal("Title", notebook.Title);
        Assert.Equal([null, "fsharp", "northwind", null],
            notebook.Cells.Where(cell => cell.Kind == CellKind.Code).Select(cell => cell.Language));
        var run = await NotebookRunner.RunAsync(notebook);
        Assert.True(run.Succeeded);
        Assert.Equal("21", Assert.IsType<DisplayOutput>(Assert.Single(notebook.Cells[^1].Outputs)).Bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public void A_notebook_comes_back_as_it_was()
    {
        var notebook = Notebook.Parse("""
            {"cells": [
              {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# One\n\ntext with \"quotes\""},
              {"cell_type": "code", "id": "b", "metadata": {}, "source": "#!time\nvar x = 1;\n\nx", "outputs": [], "execution_count": null},
              {"cell_type": "code", "id": "c", "metadata": {"polyglot_notebook": {"kernelName": "northwind"}}, "source": "select 1",
               "outputs": [], "execution_count": null},
              {"cell_type": "code", "id": "d", "metadata": {}, "source": "x", "outputs": [], "execution_count": null},
              {"cell_type": "code", "id": "e", "metadata": {}, "source": "x", "outputs": [], "execution_count": null},
              {"cell_type": "raw", "id": "f", "metadata": {}, "source": "raw"}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            """);
        var file = Path.Combine(_folder, "a.dib");
        notebook.Write(file);
        var read = Notebook.Read(file);
        Assert.Equal(notebook.Cells.Select(Content), read.Cells.Select(Content));
        Assert.Equal(6, read.Cells.Select(cell => cell.Id).Distinct().Count());

        static (CellKind, string?, string) Content(NotebookCell cell) => (cell.Kind, cell.Language, cell.Source);
    }

    [Fact]
    public void What_the_format_cannot_hold_is_said_and_nothing_is_written()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new NotebookCell(CellKind.Code, "1"));
        notebook.Cells.Add(new NotebookCell(CellKind.Markdown, "Write\n#!csharp\nat the top."));
        var file = Path.Combine(_folder, "a.dib");
        Assert.Contains("cell 2 cannot be written", Assert.Throws<InvalidDataException>(() => notebook.Write(file)).Message);
        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Contains("a.dib: the text below #!meta is not JSON",
            Assert.Throws<InvalidDataException>(() => Read("#!meta\n\n{\"kernelInfo\":\n\n#!csharp\n\n1")).Message);
    }

    private Notebook Read(string text)
    {
        var file = Path.Combine(_folder, "a.dib");
        File.WriteAllText(file, text);
        return Notebook.Read(file);
    }
}
