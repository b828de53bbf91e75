using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla run</c>: executes notebooks without Jupyter.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Notebooks = new("NOTEBOOK")
    {
        Description = "Notebooks, or folders that contain notebooks.",
        Arity = ArgumentArity.OneOrMore
    };
    private static readonly Option<DirectoryInfo?> Output = new("--output",
        "-o")
    { Description = "Folder for the executed notebooks. [default: executed]" };
    private static readonly Option<bool> InPlace =
        new("--in-place") { Description = "Save the outputs into the notebooks themselves instead." };
    private static readonly Option<bool> Html = new("--html") { Description = "Also write each notebook as an HTML page." };
    private static readonly Option<bool> AllowErrors =
        new("--allow-errors") { Description = "Continue with the next cell when a cell fails." };
    private static readonly Option<string[]> Parameters = new("--parameters",
        "-p")
    { Description = "Set variables in the notebook: name=value, one or several.", AllowMultipleArgumentsPerToken = true };

    /// <summary>The longest time that a cell may run; <c>mezcla course</c> has the same option.</summary>
    public static Option<double?> Timeout { get; } =
        new("--timeout") { Description = "The longest time that one cell may run, in seconds. [default: no limit]" };

    /// <summary>The device that cells compute on; <c>mezcla course</c> has the same option.</summary>
    public static Option<string?> Device { get; } = Devices.Option();

    public static Command Create()
    {
        var command = new Command("run",
            "Execute notebooks without Jupyter, and save them with their outputs as Jupyter would.")
            {
                Notebooks,
                Output,
                InPlace,
                Html,
                Timeout,
                Device,
                AllowErrors,
                Parameters
            };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, AnsiConsole.Console, cancellation)));
        return command;
    }

    /// <summary>The value of <c>--timeout</c>; null if it was not given.</summary>
    /// <exception cref="ArgumentException">It is not a positive number.</exception>
    public static TimeSpan? CellTimeout(ParseResult parse) => parse.GetValue(Timeout) switch
    {
        null => null,
        > 0 and < 1e6 and { } seconds => TimeSpan.FromSeconds(seconds),
        var bad => throw new ArgumentException($"--timeout is {bad}; it must be a number of seconds above 0 and below 1,000,000."),
    };

    private static async Task<int> Run(ParseResult parse, IAnsiConsole console, CancellationToken cancellation)
    {
        var notebooks = NotebookFiles.Find(parse.GetValue(Notebooks)!);
        var folder = Path.GetFullPath(parse.GetValue(Output)?.FullName ?? "executed");
        if (parse.GetValue(InPlace) && parse.GetValue(Output) is not null)
            throw new ArgumentException("--in-place and --output cannot be used together: choose one.");
        if (parse.GetValue(InPlace) && notebooks.Find(Notebook.HoldsNoOutputs) is { } polyglot)
            throw new ArgumentException($"--in-place: {polyglot} is a .dib file, which holds no outputs. Leave the option out to get an "
                + ".ipynb file with them.");
        var root = NotebookFiles.CommonFolder(notebooks);
        string Saved(string notebook) => parse.GetValue(InPlace) ? notebook
            : NotebookFiles.WithOutputs(Path.Combine(folder, Path.GetRelativePath(root, notebook)));
        var batch = new NotebookBatch(console, NotebookHostCommand.Start(parse.GetValue(Device)));
        var runs = await batch.RunAsync(new(
            notebooks, Saved, CellTimeout(parse), parse.GetValue(AllowErrors), ParametersOf(parse.GetValue(Parameters) ?? []),
            parse.GetValue(Html)
                ? (notebook, _) => (Path.ChangeExtension(Saved(notebook), ".html"),
                    new NotebookPageOptions { Folder = Path.GetDirectoryName(notebook), LinkPages = true }) : null), cancellation);
        if (!parse.GetValue(InPlace))
            console.MarkupLineInterpolated($"Saved in {folder}");
        return runs.Count == notebooks.Count && runs.All(r => r.Run.Succeeded) ? 0 : 1;
    }

    private static Dictionary<string, string> ParametersOf(string[] given)
    {
        var parameters = new Dictionary<string, string>();
        foreach (var one in given)
        {
            var parts = one.Split('=', 2);
            if (parts.Length != 2 || parts[0].Length == 0)
                throw new ArgumentException($"--parameters {one} is not of the form name=value.");
            parameters[parts[0]] = parts[1];
        }
        return parameters;
    }
}
