using System.Text.Json;

namespace Mezcla.Architecture.Tests;

/// <summary>Lines are short enough to be read beside something else.</summary>
public sealed class LineTests
{
    [Fact]
    public void No_line_of_source_is_too_long()
    {
        var files = Repository.SourceFiles(Path.Combine(Repository.Root, "src"))
            .Concat(Repository.SourceFiles(Path.Combine(Repository.Root, "tests")));
        var found = files.SelectMany(file => TooLong(File.ReadLines(file), House.SourceColumns)
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line.Line} has {line.Columns} columns")).ToList();
        Assert.True(found.Count == 0, $"{found.Count} lines have more than {House.SourceColumns} columns.\n{string.Join('\n', found)}");
    }

    public static TheoryData<string> Notebooks =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "notebooks"), "*.ipynb", SearchOption.AllDirectories)
            .Select(Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void No_line_of_code_in_a_notebook_is_too_long(string notebook)
    {
        var found = TooLong(CodeOf(File.ReadAllText(Path.Combine(Repository.Root, "notebooks", notebook))), House.NotebookColumns).ToList();
        Assert.True(found.Count == 0, $"{notebook} has {found.Count} lines of code above {House.NotebookColumns} columns: " +
            string.Join(", ", found.Select(line => $"line {line.Line} of its code has {line.Columns}")));
    }

    [Fact]
    public void Long_lines_are_found()
    {
        Assert.Equal([(2, 4)], TooLong(["abc", "abcd", "é€a"], 3));
        const string Notebook = """
            {"cells":[{"cell_type":"markdown","source":["a long line"]},
            {"cell_type":"code","source":["ab\n","abcdef"]},{"cell_type":"code","source":"abcd\nx"}]}
            """;
        Assert.Equal([(2, 6), (3, 4)], TooLong(CodeOf(Notebook), 3));
    }

    private static string Name(string file) => Path.GetRelativePath(Path.Combine(Repository.Root, "notebooks"), file).Replace('\\', '/');

    private static IEnumerable<(int Line, int Columns)> TooLong(IEnumerable<string> lines, int columns) =>
        lines.Select((line, i) => (Line: i + 1, Columns: line.Length)).Where(line => line.Columns > columns);

    private static IEnumerable<string> CodeOf(string notebook)
    {
        using var document = JsonDocument.Parse(notebook);
        return [.. document.RootElement.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("cell_type").GetString() == "code").Select(cell => cell.GetProperty("source"))
            .SelectMany(source => (source.ValueKind == JsonValueKind.Array
                ? string.Concat(source.EnumerateArray().Select(line => line.GetString())) : source.GetString()!).Split('\n'))];
    }
}
