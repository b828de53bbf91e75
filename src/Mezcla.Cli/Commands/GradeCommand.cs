using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla grade</c>: runs students' notebooks and writes what their exercises answered as a table.</summary>
internal static class GradeCommand
{
    private static readonly Argument<string[]> Notebooks = new("notebook") { Description = "Students' notebooks, or folders of them.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<DirectoryInfo?> Output = new("--output", "-o") { Description = "Folder for grades.csv and the executed notebooks (by default 'graded')." };
    private static readonly Option<double> Timeout = new("--timeout") { Description = "Seconds that one cell may take.", DefaultValueFactory = _ => 300 };

    /// <summary>A line of the table.</summary>
    /// <param name="Notebook">The notebook, as a path below the folder that holds them all.</param>
    /// <param name="Exercise">The exercise's title; empty if the notebook shows none.</param>
    /// <param name="Passed">How many checks passed.</param>
    /// <param name="Checks">How many there are.</param>
    /// <param name="Note">What else to know: the first cell that failed.</param>
    public sealed record Line(string Notebook, string Exercise, int Passed, int Checks, string Note);

    public static Command Create()
    {
        var command = new Command("grade", "Run students' notebooks and write what their exercises answered to a table, grades.csv. This runs their code: use a machine or a container that may be lost.")
        {
            Notebooks, Output, Timeout,
        };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, AnsiConsole.Console, cancellation)));
        return command;
    }

    /// <summary>The lines of a notebook that ran: one for each exercise that it shows, or one that says that there is none.</summary>
    /// <param name="name">What to call the notebook.</param>
    /// <param name="notebook">The notebook with its outputs.</param>
    public static IReadOnlyList<Line> Lines(string name, Notebook notebook)
    {
        var failed = notebook.Cells.SelectMany(c => c.Outputs.OfType<ErrorOutput>().Select(e => $"cell {c.ExecutionCount}: {e.Name}: {e.Message.Split('\n')[0]}")).FirstOrDefault() ?? "";
        // A student may have run a cell that shows an exercise twice in one; the last answer counts.
        var answers = notebook.Cells.SelectMany(c => c.Outputs).OfType<DisplayOutput>()
            .Select(o => o.Bundle[Exercise.MimeType]).OfType<string>().Select(Answer).OfType<(string Title, int Passed, int Checks)>()
            .GroupBy(answer => answer.Title).Select(g => g.Last()).ToList();
        return answers.Count == 0
            ? [new(name, "", 0, 0, failed.Length > 0 ? failed : "no exercises")]
            : [.. answers.Select(answer => new Line(name, answer.Title, answer.Passed, answer.Checks, failed))];
    }

    /// <summary>The table as comma-separated values, every text in quotes.</summary>
    public static string Csv(IEnumerable<Line> lines)
    {
        return "notebook,exercise,passed,checks,note\n" + string.Concat(lines.Select(l => $"{Quoted(l.Notebook)},{Quoted(l.Exercise)},{l.Passed},{l.Checks},{Quoted(l.Note)}\n"));

        // What begins as a formula does must not become one in the spreadsheet that opens the table: titles and messages come from students.
        static string Quoted(string text) => $"\"{(text is ['=' or '+' or '-' or '@', ..] ? "'" : "")}{text.Replace("\"", "\"\"").ReplaceLineEndings(" ")}\"";
    }

    /// <summary>What an exercise answered; null if it is something else under that name, which a student may show.</summary>
    private static (string Title, int Passed, int Checks)? Answer(string json)
    {
        try
        {
            var answer = JsonNode.Parse(json)!.AsObject();
            return (answer["title"]!.GetValue<string>(), answer["passed"]!.GetValue<int>(), answer["checks"]!.GetValue<int>());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            return null;
        }
    }

    private static async Task<int> Run(ParseResult parse, IAnsiConsole console, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(parse.GetValue(Output)?.FullName ?? "graded");
        var notebooks = RunCommand.Find(parse.GetValue(Notebooks)!).Where(n => !n.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)).ToList();
        if (parse.GetValue(Timeout) is not (> 0 and < 1e6 and var seconds))
            throw new ArgumentException($"--timeout {parse.GetValue(Timeout)}: give a number of seconds above 0.");
        if (notebooks.Count == 0)
            throw new ArgumentException($"All these notebooks are in {folder}, the folder of results: choose another with --output.");
        var root = RunCommand.Common(notebooks);
        string Name(string notebook) => Path.GetRelativePath(root, notebook);
        var batch = new NotebookBatch(console, NotebookHostCommand.Start(null));
        var runs = await batch.RunAsync(new(notebooks, n => Path.Combine(folder, Name(n)), TimeSpan.FromSeconds(seconds), AllowErrors: true, new Dictionary<string, string>(), null), cancellation);

        var lines = runs.SelectMany(r => Lines(Name(r.Notebook).Replace('\\', '/'), r.Run.Notebook)).ToList();
        var csv = Path.Combine(folder, "grades.csv");
        Directory.CreateDirectory(folder);
        File.WriteAllText(csv, Csv(lines));
        console.MarkupLineInterpolated($"{lines.Count(l => l.Checks > 0 && l.Passed == l.Checks)} of {lines.Count(l => l.Checks > 0)} exercises solved in {runs.Count} notebooks: {csv}");
        return runs.Count == notebooks.Count ? 0 : 1;
    }
}
