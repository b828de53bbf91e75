using Mezcla.Notebooks.Documents;
using Mezcla.Tests;

namespace Mezcla.Course.Tests;

/// <summary>What a reader can rely on in every chapter: short cells, and a glossary that is up to date.</summary>
public sealed class ChapterStyleTests
{
    private const int MostLines = 25, MostColumns = 100;

    private static string Folder { get; } = Path.Combine(Checkout.Root, "notebooks");

    public static TheoryData<string> Chapters =>
        [.. Directory.EnumerateFiles(Folder, "*.ipynb").Select(file => Path.GetFileNameWithoutExtension(file)!)
            .Order(StringComparer.Ordinal)];

    /// <summary>The chapters and their solutions.</summary>
    public static TheoryData<string> Notebooks =>
        [.. Directory.EnumerateFiles(Folder, "*.ipynb", SearchOption.AllDirectories)
            .Select(file => Path.ChangeExtension(Path.GetRelativePath(Folder, file), null).Replace('\\', '/'))
            .Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Code_cells_are_short(string chapter)
    {
        var cells = Notebook.Read(Path.Combine(Folder, chapter + ".ipynb")).Cells;
        for (var i = 0; i < cells.Count; i++)
        {
            if (cells[i].Kind != CellKind.Code)
                continue;
            var lines = cells[i].Source.TrimEnd().Split('\n');
            Assert.True(lines.Length <= MostLines, $"Cell {i} of {chapter} has {lines.Length} lines; at most {MostLines}.");
            var widest = lines.Max(line => line.Length);
            Assert.True(widest <= MostColumns, $"Cell {i} of {chapter} has a line of {widest} columns; at most {MostColumns}.");
        }
    }

    [Fact]
    public void The_glossary_is_the_one_that_the_chapters_make()
    {
        var chapters = Chapters.Select(row => row.Data + ".ipynb").Select(file => (file, Notebook.Read(Path.Combine(Folder, file))));
        var written = File.ReadAllText(Path.Combine(Folder, Glossary.FileName)).ReplaceLineEndings("\n");
        Assert.Equal(Glossary.Of(chapters).ToMarkdown(), written);
    }
}
