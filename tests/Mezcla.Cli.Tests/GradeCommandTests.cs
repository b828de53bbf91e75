using Mezcla.Cli.Commands;
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
        Write("dia", "display(\"{}\", \"application/vnd.mezcla.exercise+json\")", "int Double(int x) => throw new NotImplementedException();", Answer);
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
    public void A_table_holds_texts_of_any_kind_and_no_formulas() => Assert.Equal(
        "notebook,exercise,passed,checks,note\n\"a, b.ipynb\",\"'=1+1 \"\"x\"\"\",0,1,\"one two\"\n",
        GradeCommand.Csv([new("a, b.ipynb", "=1+1 \"x\"", 0, 1, "one\ntwo")]));

    private void Write(string student, params string[] cells)
    {
        var notebook = Notebook.ForCSharp();
        for (var i = 0; i < cells.Length; i++)
            notebook.Cells.Add(new(CellKind.Code, cells[i], $"c{i}"));
        notebook.Write(Path.Combine(_folder, student, "02.ipynb"));
    }
}
