using System.CommandLine;
using System.Diagnostics;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla course</c>: runs the notebooks of the course and writes its site.</summary>
internal static class CourseCommand
{
    private static readonly Argument<string[]> Chapters =
        new("CHAPTER") { Description = "Chapters to run: numbers, or parts of names. [default: all]", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<DirectoryInfo?> Output = new("--output", "-o",
        "--out")
    {
        Description = "Folder for the executed notebooks and the pages. [default: artifacts/course, beside the folder of the notebooks; " +
            "mezcla-course, if the course came with the installed command]"
    };
    private static readonly Option<bool> StripSolutions =
        new(
            "--strip-solutions")
        {
            Description =
                    "Run nothing. Write the chapters without their solutions, as a hand-out for a class, to the folder that --output names."
        };
    private static readonly Option<bool> WriteGlossary =
        new("--write-glossary")
        {
            Description = $"Run nothing. Write {Glossary.FileName}, beside the notebooks, from the definitions in the chapters."
        };

    public static Command Create()
    {
        var command = new Command("course",
            "Run the course: execute every cell of its notebooks, check every claim, and write a page for each chapter.")
            {
                Chapters,
                Output,
                StripSolutions,
                WriteGlossary,
                RunCommand.Timeout,
                RunCommand.Device
            };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, AnsiConsole.Console, cancellation)));
        return command;
    }

    /// <summary>Finds the folder of the course's notebooks, in a folder or one above it,
    /// else in the program's folder or one above that.</summary>
    /// <param name="from">The folder to begin with.</param>
    /// <exception cref="DirectoryNotFoundException">It was not found.</exception>
    public static string FindNotebooks(string from)
    {
        foreach (var start in new[] { from, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var candidate = Path.Combine(folder.FullName, "notebooks");
                if (Directory.Exists(candidate) && Directory.EnumerateFiles(candidate, "*.ipynb").Any()
                    && Directory.Exists(Path.Combine(folder.FullName, "datasets")))
                    return candidate;
            }
        }
        throw new DirectoryNotFoundException(
            $"The notebooks of the course were not found in '{from}' or in a folder above it. Run this command inside a clone of the " +
                "Mezcla repository, or as an installed tool, which brings them along. For notebooks of your own, use 'mezcla run'.");
    }

    /// <summary>Chooses chapters by number ("3" means 03-…) or by a part of the name.</summary>
    /// <param name="notebooks">All chapters.</param>
    /// <param name="words">Numbers or parts of names; if there are none, all chapters are chosen.</param>
    /// <exception cref="ArgumentException">A word matches no chapter.</exception>
    public static List<string> Choose(IReadOnlyList<string> notebooks, IReadOnlyList<string> words)
    {
        if (words.Count == 0)
            return [.. notebooks];
        bool Matches(string notebook, string word)
        {
            var name = Path.GetFileNameWithoutExtension(notebook);
            return int.TryParse(word, out var number)
                ? name.StartsWith($"{number:00}-", StringComparison.Ordinal)
                : name.Contains(Path.GetFileNameWithoutExtension(word), StringComparison.OrdinalIgnoreCase);
        }
        if (words.FirstOrDefault(w => !notebooks.Any(n => Matches(n, w))) is { } unknown)
            throw new ArgumentException(
                $"There is no chapter '{unknown}'. The chapters are: " +
                    $"{string.Join(", ", notebooks.Select(Path.GetFileNameWithoutExtension))}.");
        return [.. notebooks.Where(n => words.Any(w => Matches(n, w)))];
    }

    private static async Task<int> Run(ParseResult parse, IAnsiConsole console, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var folder = FindNotebooks(Directory.GetCurrentDirectory());
        var all = Directory.EnumerateFiles(folder, "*.ipynb").Order(StringComparer.Ordinal).ToList();
        var chosen = Choose(all, parse.GetValue(Chapters) ?? []);
        var output = parse.GetValue(Output)?.FullName ?? DefaultOutput(folder);
        string Saved(string notebook) => Path.Combine(output, Path.GetFileName(notebook));
        if (parse.GetValue(StripSolutions))
        {
            if (parse.GetValue(Output) is null)
                throw new ArgumentException("--strip-solutions needs a folder to write to: name one with --output.");
            HandOut.Write(chosen, output);
            console.MarkupLineInterpolated($"{chosen.Count} chapters without solutions: {output}");
            return 0;
        }
        var glossary = Glossary.Of(all.Select(n => (Path.GetFileName(n), Notebook.Read(n))));
        if (parse.GetValue(WriteGlossary))
        {
            var file = Path.Combine(folder, Glossary.FileName);
            File.WriteAllText(file, glossary.ToMarkdown());
            console.MarkupLineInterpolated($"{glossary.Entries.Count} terms: {file}");
            return 0;
        }

        var batch = new NotebookBatch(console, NotebookHostCommand.Start(parse.GetValue(RunCommand.Device)));
        var runs = await batch.RunAsync(
            new(chosen, Saved, RunCommand.CellTimeout(parse), AllowErrors: false, new Dictionary<string, string>(), (notebook, run) =>
                (Path.ChangeExtension(Saved(notebook), ".html"), new NotebookPageOptions
                {
                    Folder = folder,
                    LinkPages = true,
                    Home = ("index.html", "All chapters"),
                    Previous = Neighbour(chosen, notebook, -1),
                    Next = Neighbour(chosen, notebook, +1),
                    Footer = $"{(run.Succeeded ? "Every cell" : $"{run.CellsRun} of {run.CellCount} cells")} ran, " +
                        $"in {NotebookBatch.DurationText(run.Elapsed)}; {run.ClaimsHeld} of {run.ClaimsHeld + run.ClaimsFailed} claims " +
                        "held.",
                })), cancellation);

        var index = Path.Combine(output, "index.html");
        Directory.CreateDirectory(output);
        var terms = Path.ChangeExtension(Glossary.FileName, ".html");
        File.WriteAllText(Path.Combine(output, terms), GlossaryPage(glossary));
        var pages = runs.Select(r => new SiteChapter(PageName(r.Notebook), r.Run));
        File.WriteAllText(index, SiteIndex.Render(Cover() with { Glossary = terms }, [.. pages]));
        var good = runs.Count == chosen.Count && runs.All(r => r.Run.Succeeded);
        console.MarkupLineInterpolated(
            $"{(good ? "Every cell ran and every claim held" : "Not everything ran")}, in {NotebookBatch.DurationText(watch.Elapsed)}.");
        console.MarkupLineInterpolated($"Executed notebooks and pages: {output}");
        console.MarkupLineInterpolated($"Open {index}");
        return good ? 0 : 1;
    }

    /// <summary>The cover of the site.</summary>
    public static SiteCover Cover() =>
        new("Mezcla", "GPT-4's rumoured architecture, a Mixture of Experts, built from scratch in C# and taken apart one cell at a time.")
        {
            Figure = Picture(),
            Caption =
                "How a layer processes one token. According to rumours, GPT-4 has 120 layers with sixteen experts each, and two experts " +
            "process each token. OpenAI has confirmed none of this.",
            Footer = $"Made by running every notebook from top to bottom on {Environment.ProcessorCount} " +
            $"processor{(Environment.ProcessorCount == 1 ? "" : "s")}, " +
            $"{System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}. The times were measured on that machine.",
        };

    // An installed tool's own folder is no place for results.
    private static string DefaultOutput(string notebooks) =>
        notebooks.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal)
            ? Path.Combine(Directory.GetCurrentDirectory(), "mezcla-course")
            : Path.Combine(Path.GetDirectoryName(notebooks)!, "artifacts", "course");

    private static string GlossaryPage(Glossary glossary)
    {
        var page = Notebook.ForCSharp();
        page.Cells.Add(new(CellKind.Markdown, glossary.ToMarkdown()));
        return NotebookPage.Render(page, new() { LinkPages = true, Home = ("index.html", "All chapters") });
    }

    // The README shows the same file.
    private static string Picture()
    {
        using var file = new StreamReader(typeof(CourseCommand).Assembly.GetManifestResourceStream("mixture.svg")!);
        return file.ReadToEnd().TrimEnd();
    }

    private static string PageName(string notebook) => Path.GetFileNameWithoutExtension(notebook) + ".html";

    private static (string, string)? Neighbour(List<string> notebooks, string notebook, int step)
    {
        var at = notebooks.IndexOf(notebook) + step;
        return at < 0 || at >= notebooks.Count
            ? null
            : (PageName(notebooks[at]), Notebook.Read(notebooks[at]).Title ?? Path.GetFileNameWithoutExtension(notebooks[at]));
    }
}
