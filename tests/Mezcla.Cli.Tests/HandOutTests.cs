using Mezcla.Cli.Commands;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Cli.Tests;

/// <summary>What a class gets: everything but the answers.</summary>
public sealed class HandOutTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-hand-out").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Chapters_are_copied_without_answers_and_without_links_to_them()
    {
        var chapter = Path.Combine(_folder, "course", "01-a.ipynb");
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(
            new(CellKind.Markdown, "# A\n\nSolutions: [solutions/01-a.ipynb](solutions/01-a.ipynb).\n\n**Exercise 1.** Do it."));
        notebook.Cells.Add(new(CellKind.Code, "int Task() => throw new NotImplementedException();"));
        notebook.Cells.Add(
            new(CellKind.Code, "int Answer() => 42;") { Metadata = new() { ["tags"] = new System.Text.Json.Nodes.JsonArray("solution") } });
        notebook.Write(chapter);
        Directory.CreateDirectory(Path.Combine(_folder, "course", "images"));
        File.WriteAllText(Path.Combine(_folder, "course", "images", "a.png"), "picture");

        var output = Path.Combine(_folder, "class");
        HandOut.Write([chapter], output);

        var handed = Notebook.Read(Path.Combine(output, "01-a.ipynb"));
        Assert.Equal(2, handed.Cells.Count);
        Assert.DoesNotContain("solutions/", handed.Cells[0].Source);
        Assert.Contains("Do it.", handed.Cells[0].Source);
        Assert.Contains("NotImplementedException", handed.Cells[1].Source);
        Assert.True(File.Exists(Path.Combine(output, "images", "a.png")));
    }

    [Fact]
    public void The_course_itself_is_never_overwritten()
    {
        var chapter = Path.Combine(_folder, "01-a.ipynb");
        Notebook.ForCSharp().Write(chapter);
        Assert.Contains("choose another", Assert.Throws<ArgumentException>(() => HandOut.Write([chapter], _folder + "/")).Message);
    }
}
