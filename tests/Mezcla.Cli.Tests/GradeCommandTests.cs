using Mezcla.Cli.Commands;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Cli.Tests;

/// <summary>A table of what students' exercises answered.</summary>
public sealed class GradeCommandTests : IDisposable
{
    private const string Answer = "new Exercise(\"Double\").Expect(\"of 3\", 6, () => Double(3)).Expect(\"of 4\", 8, () => Double(4))";

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-grade").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Notebooks_run_and_every_exercise_is_a_line()
    {
        Write("ana", "int Double(int x) => 2 * x;", Answer);
        Write("ben", "int Double(int x) => 6;", "throw new Exception(\"=oh\");", Answer);
        Write("cas", "1 +");
        Write("dia", "display(\"{}\", \"application/vnd.mezcla.exercise+json\")",
            "int Double(int x) => throw new NotImplementedException();", Answer);
        var graded = Path.Combine(_folder, "graded");
        string[] arguments = [_folder, "--output", graded];
        Assert.Equal(0, GradeCommand.Create().Parse(arguments).Invoke());
        var table = File.ReadAllText(Path.Combine(graded, "grades.csv"));
        var lines = table.Split('\n');
        Assert.Equal("notebook,exercise,passed,checks,note", lines[0]);
        Assert.Equal("\"ana/02.ipynb\",\"Double\",2,2,\"\"", lines[1]);
        Assert.Equal("\"ben/02.ipynb\",\"Double\",1,2,\"cell 2: System.Exception: =oh\"", lines[2]);
        Assert.StartsWith("\"cas/02.ipynb\",\"\",0,0,\"cell 1: ", lines[3]);
        Assert.Equal("\"dia/02.ipynb\",\"Double\",0,2,\"\"", lines[4]);
        Assert.Single(Notebook.Read(Path.Combine(graded, "ana", "02.ipynb")).Cells[1].Outputs);

        // Once more, with the results of the first time below the folder that is graded.
        Assert.Equal(0, GradeCommand.Create().Parse(arguments).Invoke());
        Assert.Equal(table, File.ReadAllText(Path.Combine(graded, "grades.csv")));
        Assert.Equal(1, GradeCommand.Create().Parse([Path.Combine(_folder, "nobody")]).Invoke());
    }

    [Fact]
    public void A_submission_that_cannot_be_read_is_a_row_and_all_others_are_graded()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Links and pipes are made with Unix's programs here.");
        Write("good", "int Double(int x) => 2 * x;", Answer);
        string Place(string student) => Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, student)).FullName, "02.ipynb");
        File.WriteAllText(Place("cut"), "{\"cells\": [");
        File.WriteAllText(Place("empty"), "");
        File.WriteAllBytes(Place("latin"),
            [.. "{\"cells\": [], \"metadata\": {\"author\": \"Jos"u8, 0xE9, .. "\"}, \"nbformat\": 4, \"nbformat_minor\": 5}"u8]);
        Directory.CreateDirectory(Place("folder"));
        File.CreateSymbolicLink(Place("broken"), "nowhere.ipynb");
        File.CreateSymbolicLink(Place("round"), "..");
        File.CreateSymbolicLink(Place("memory"), "/proc/self/mem");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Place("pipe")]))
            made.WaitForExit();

        Assert.Equal(0, GradeCommand.Create().Parse([_folder, "--output", Path.Combine(_folder, "graded")]).Invoke());
        var rows = File.ReadAllLines(Path.Combine(_folder, "graded", "grades.csv"))[1..].ToDictionary(row => row.Split('/')[0].Trim('"'));
        Assert.Equal(["broken", "cut", "empty", "folder", "good", "latin", "memory", "pipe", "round"], rows.Keys.Order());
        Assert.Equal("\"good/02.ipynb\",\"Double\",2,2,\"\"", rows["good"]);
        Assert.StartsWith("\"cut/02.ipynb\",\"\",0,0,\"not graded: the file is not JSON: line 1", rows["cut"]);
        Assert.Contains("not graded: the file is empty", rows["empty"]);
        Assert.Contains("not graded: the file is not UTF-8 text", rows["latin"]);
        Assert.Contains("not graded: it is a folder", rows["folder"]);
        Assert.Contains("not graded: it is a link to nowhere.ipynb, which does not exist", rows["broken"]);
        Assert.Contains("not graded: it is a link to the folder ..", rows["round"]);
        Assert.Contains("not graded: ", rows["memory"]);
        Assert.Contains("not graded: the file is empty", rows["pipe"]);
    }

    [Fact]
    public void A_table_holds_texts_of_any_kind_and_no_formulas() => Assert.Equal(
        "notebook,exercise,passed,checks,note\n\"a, b.ipynb\",\"'=1+1 \"\"x\"\"\",0,1,\"one two\"\n",
        GradeTable.ToCsv([new("a, b.ipynb", "=1+1 \"x\"", 0, 1, "one\ntwo")]));

    private void Write(string student, params string[] cells)
    {
        var notebook = Notebook.ForCSharp();
        for (var i = 0; i < cells.Length; i++)
            notebook.Cells.Add(new(CellKind.Code, cells[i], $"c{i}"));
        notebook.Write(Path.Combine(_folder, student, "02.ipynb"));
    }
}
