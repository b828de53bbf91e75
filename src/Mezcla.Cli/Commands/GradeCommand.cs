using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla grade</c>: runs students' notebooks and writes the results of their exercises to a table.</summary>
internal static class GradeCommand
{
    private static readonly Argument<string[]> Notebooks =
        new("NOTEBOOK") { Description = "Students' notebooks, or folders that contain them.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<DirectoryInfo?> Output = new("--output",
        "-o")
    { Description = "Folder for grades.csv and the executed notebooks. [default: graded]" };
    private static readonly Option<double> Timeout = new("--timeout")
    {
        Description = "The most seconds that one cell may run.",
        DefaultValueFactory = _ => 300
    };

    public static Command Create()
    {
        var command = new Command(
            "grade",
            "Run students' notebooks and write the results of their exercises to a table, grades.csv. This runs students' code: use a " +
                "machine or a container that you can afford to lose.")
        {
            Notebooks, Output, Timeout,
        };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, AnsiConsole.Console, cancellation)));
        return command;
    }

    private static async Task<int> Run(ParseResult parse, IAnsiConsole console, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(parse.GetValue(Output)?.FullName ?? "graded");
        var notebooks = NotebookFiles.FindSubmissions(parse.GetValue(Notebooks)!)
            .Where(n => !n.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)).ToList();
        if (parse.GetValue(Timeout) is not (> 0 and < 1e6 and var seconds))
            throw new ArgumentException(
                $"--timeout is {parse.GetValue(Timeout)}; it must be a number of seconds above 0 and below 1,000,000.");
        if (notebooks.Count == 0)
            throw new ArgumentException(
                $"All these notebooks are in {folder}, the folder of results: choose another folder with --output.");
        var root = NotebookFiles.CommonFolder(notebooks);
        string PathBelowRoot(string notebook) => Path.GetRelativePath(root, notebook);
        string Name(string notebook) => PathBelowRoot(notebook).Replace('\\', '/');

        var rows = new Dictionary<string, IReadOnlyList<GradeRow>>();
        void Reject(string notebook, string reason)
        {
            rows[notebook] = [GradeTable.Unreadable(Name(notebook), reason)];
            console.MarkupLineInterpolated($"[red]✗[/] {Name(notebook)}  not graded: {reason}");
        }

        foreach (var notebook in notebooks)
            if (WhyUnreadable(notebook) is { } reason)
                Reject(notebook, reason);
        var readable = notebooks.Where(n => !rows.ContainsKey(n)).ToList();
        var batch = new NotebookBatch(console, NotebookHostCommand.Start(null));
        var runs = await batch.RunAsync(
            new(readable, n => Path.Combine(folder, PathBelowRoot(n)), TimeSpan.FromSeconds(seconds), AllowErrors: true,
                new Dictionary<string, string>(), null)
            {
                // Messages about a file begin with its full path, which the row has already.
                Unreadable = (notebook, error) => Reject(notebook, error.Message.Replace(notebook, "the file", StringComparison.Ordinal)),
            },
            cancellation);
        foreach (var (notebook, run) in runs)
            rows[notebook] = GradeTable.Rows(Name(notebook), run.Notebook);

        var table = notebooks.Where(rows.ContainsKey).SelectMany(n => rows[n]).ToList();
        var csv = Path.Combine(folder, "grades.csv");
        Directory.CreateDirectory(folder);
        File.WriteAllText(csv, GradeTable.ToCsv(table));
        var graded = table.Where(r => r.Checks > 0).ToList();
        var solved = graded.Count(r => r.Passed == r.Checks);
        console.MarkupLineInterpolated($"{solved} of {graded.Count} exercises solved in {runs.Count} notebooks: {csv}");
        return rows.Count == notebooks.Count ? 0 : 1;
    }

    /// <summary>Why a path with a notebook's name cannot hold one; null if it can. A file without
    /// bytes may also be a pipe, which would be waited for without end.</summary>
    private static string? WhyUnreadable(string path)
    {
        var link = new FileInfo(path).LinkTarget;
        if (Directory.Exists(path) && !path.EndsWith(".ipynb", StringComparison.Ordinal))
            return "this folder cannot be read";
        if (Directory.Exists(path))
            return link is null ? "it is a folder" : $"it is a link to the folder {link}";
        try
        {
            var file = link is null ? new FileInfo(path) : (FileInfo)File.ResolveLinkTarget(path, returnFinalTarget: true)!;
            if (!file.Exists)
                return $"it is a link to {link}, which does not exist";
            return file.Length == 0 ? "the file is empty" : null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }
}
