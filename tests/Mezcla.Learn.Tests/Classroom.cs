using System.Reflection;
using Mezcla.Interactive;
using Mezcla.Learn.Server;
using Mezcla.Learn.Work;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Tests;

/// <summary>A small course and an empty folder of a student, for one test.</summary>
public sealed class Classroom : IDisposable
{
    public const string Chapter = "00-small";

    private readonly string _root = Directory.CreateTempSubdirectory("mezcla-learn-").FullName;

    public Classroom()
    {
        Directory.CreateDirectory(Notebooks);
        Small().Write(Path.Combine(Notebooks, Chapter + ".ipynb"));
        var next = Notebook.ForCSharp();
        next.Cells.Add(new(CellKind.Markdown, "# The next chapter\n"));
        next.Write(Path.Combine(Notebooks, "01-next.ipynb"));
        Course = new(Notebooks);
    }

    /// <summary>How to start an engine: the command's own way.</summary>
    public static NotebookProcessStart Engine { get; } = new("dotnet",
        [typeof(Classroom).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Cli").Value!, "engine-host"]);

    public string Notebooks => Path.Combine(_root, "notebooks");

    public string Folder => Path.Combine(_root, "student");

    public CourseFolder Course { get; }

    public string Copy => Path.Combine(Folder, Chapter + ".ipynb");

    public Task<LearnServer> Serve(Func<LearnOptions, LearnOptions>? change = null)
    {
        var options = new LearnOptions
        {
            Course = Course,
            Folder = Folder,
            Engine = Engine,
            Libraries = [PlotlyLibrary.Script],
            Cover = new SiteCover("The small course", "It has two chapters."),
        };
        return LearnServer.StartAsync(change?.Invoke(options) ?? options);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_root, recursive: true);
        }
        catch (IOException)
        {
            // An engine that was killed a moment ago may still hold its folder.
        }
    }

    private static Notebook Small()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, "# A small chapter\n\nIt has $a^2$ and a [link](01-next.ipynb).", "title"));
        notebook.Cells.Add(new(CellKind.Code, "var x = 20;\nx + 1", "sum"));
        notebook.Cells.Add(new(CellKind.Code, "for (var i = 0; i < 3; i++)\n    Console.WriteLine($\"line {i}\");", "lines"));
        notebook.Cells.Add(new(CellKind.Code,
            "HTML(\"<b id='bold'>bold</b><script>document.getElementById('bold').dataset.ran = 'yes'</script>\")",
            "html"));
        notebook.Cells.Add(new(CellKind.Code, """
            int Twice(int n) => throw new NotImplementedException();

            new Exercise("Twice as much").Expect("of 3", 6, () => Twice(3)).Hint("Multiply.")
            """, "exercise"));
        notebook.Cells.Add(new(CellKind.Code, """
            new Question("What is 1 + 1?").Answer("3", "No.").Answer("2", "Yes.", correct: true)
            """, "question"));
        return notebook;
    }
}
