using System.CommandLine;
using Mezcla.Notebooks.Html;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla run</c>: executes notebooks without Jupyter.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Notebooks = new("notebook") { Description = "Notebooks, or folders of notebooks.", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<DirectoryInfo?> Output = new("--output", "-o") { Description = "Folder for the executed notebooks (by default 'executed')." };
    private static readonly Option<bool> InPlace = new("--in-place") { Description = "Save the outputs into the notebooks themselves." };
    private static readonly Option<bool> Html = new("--html") { Description = "Also write each notebook as one HTML page." };
    private static readonly Option<bool> AllowErrors = new("--allow-errors") { Description = "Go on after a cell that failed." };
    private static readonly Option<string[]> Parameters = new("--parameters", "-p") { Description = "Variables for the notebook, as name=value; several may follow.", AllowMultipleArgumentsPerToken = true };

    /// <summary>How long a cell may take; shared with <c>mezcla course</c>.</summary>
    public static Option<double?> Timeout { get; } = new("--timeout") { Description = "Seconds that one cell may take (by default, as long as it likes)." };

    /// <summary>The device that cells compute on; shared with <c>mezcla course</c>.</summary>
    public static Option<string?> Device { get; } = Devices.Option();

    public static Command Create()
    {
        var command = new Command("run", "Execute notebooks: outputs are saved as Jupyter would save them.") { Notebooks, Output, InPlace, Html, Timeout, Device, AllowErrors, Parameters };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, AnsiConsole.Console, cancellation)));
        return command;
    }

    /// <summary>The notebooks that paths name: files as they are, folders by their notebooks in order of names, checkpoints left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or a folder without notebooks.</exception>
    public static List<string> Find(IEnumerable<string> paths)
    {
        var found = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                found.Add(File.Exists(path) ? Path.GetFullPath(path) : throw new FileNotFoundException($"There is no notebook or folder '{path}'."));
                continue;
            }
            var inside = Directory.EnumerateFiles(path, "*.ipynb", SearchOption.AllDirectories)
                .Where(file => !Path.GetRelativePath(path, file).Split(Path.DirectorySeparatorChar).Any(part => part.StartsWith('.') || part is "executed" or "artifacts"))
                .Select(Path.GetFullPath).Order(StringComparer.Ordinal).ToList();
            if (inside.Count == 0)
                throw new FileNotFoundException($"There are no notebooks in '{path}'.");
            found.AddRange(inside);
        }
        return [.. found.Distinct()];
    }

    /// <summary>The timeout that was given.</summary>
    /// <exception cref="ArgumentException">It is not positive.</exception>
    public static TimeSpan? CellTimeout(ParseResult parse) => parse.GetValue(Timeout) switch
    {
        null => null,
        > 0 and < 1e6 and { } seconds => TimeSpan.FromSeconds(seconds),
        var bad => throw new ArgumentException($"--timeout {bad}: give a number of seconds above 0."),
    };

    private static async Task<int> Run(ParseResult parse, IAnsiConsole console, CancellationToken cancellation)
    {
        var notebooks = Find(parse.GetValue(Notebooks)!);
        var folder = Path.GetFullPath(parse.GetValue(Output)?.FullName ?? "executed");
        if (parse.GetValue(InPlace) && parse.GetValue(Output) is not null)
            throw new ArgumentException("--in-place and --output contradict each other: choose one.");
        var root = Common(notebooks);
        string Saved(string notebook) => parse.GetValue(InPlace) ? notebook : Path.Combine(folder, Path.GetRelativePath(root, notebook));
        var batch = new NotebookBatch(console, NotebookHostCommand.Start(parse.GetValue(Device)));
        var runs = await batch.RunAsync(new(
            notebooks, Saved, CellTimeout(parse), parse.GetValue(AllowErrors), ParametersOf(parse.GetValue(Parameters) ?? []),
            parse.GetValue(Html) ? (notebook, _) => (Path.ChangeExtension(Saved(notebook), ".html"), new NotebookPageOptions { Folder = Path.GetDirectoryName(notebook), LinkPages = true }) : null), cancellation);
        if (!parse.GetValue(InPlace))
            console.MarkupLineInterpolated($"Saved in {folder}");
        return runs.Count == notebooks.Count && runs.All(r => r.Run.Succeeded) ? 0 : 1;
    }

    /// <summary>The deepest folder that holds all of them: their results keep their places below it.</summary>
    internal static string Common(List<string> notebooks)
    {
        var folder = Path.GetDirectoryName(notebooks[0])!;
        while (!notebooks.All(n => n.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)) && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        return folder;
    }

    private static Dictionary<string, string> ParametersOf(string[] given)
    {
        var parameters = new Dictionary<string, string>();
        foreach (var one in given)
        {
            var parts = one.Split('=', 2);
            if (parts.Length != 2 || parts[0].Length == 0)
                throw new ArgumentException($"--parameters {one}: write name=value.");
            parameters[parts[0]] = parts[1];
        }
        return parameters;
    }
}
