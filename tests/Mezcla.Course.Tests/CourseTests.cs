using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Mezcla.Course.Tests;

/// <summary>The course as a reader runs it: every notebook by the command itself, and once more by Jupyter's nbconvert.</summary>
public sealed class CourseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-course").FullName;

    public static TheoryData<string> Notebooks => [.. Directory.EnumerateFiles(Path.Combine(Repository, "notebooks"), "*.ipynb").Select(p => Path.GetFileName(p)).Order()];

    private static string Repository { get; } = FindRepository();

    private static string Cli { get; } = Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_cell_runs_every_claim_holds_and_the_pages_are_there()
    {
        var (code, log) = Run("dotnet", [Cli, "course", "--output", _folder]);
        Assert.True(code == 0, log);
        Assert.Contains("Every cell ran and every claim held", log);
        Assert.True(File.Exists(Path.Combine(_folder, "index.html")));
        foreach (var notebook in Notebooks.Select(row => row.Data))
        {
            var page = File.ReadAllText(Path.Combine(_folder, Path.ChangeExtension(notebook, ".html")));
            Assert.Contains("<svg", page);
            Assert.Equal(Outputs(Path.Combine(Repository, "notebooks", notebook)), Outputs(Path.Combine(_folder, notebook)));
        }
    }

    [Theory]
    [MemberData(nameof(Notebooks))]
    public void Jupyter_runs_it_too(string notebook)
    {
        try
        {
            var (version, reason) = Run("jupyter", ["nbconvert", "--version"]);
            if (version != 0) Assert.Skip($"jupyter nbconvert does not start here: {reason}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("Jupyter is not here; on Debian: apt-get install jupyter-nbconvert");
        }

        var (installed, log) = Run("dotnet", [Cli, "kernel", "install", "--prefix", _folder]);
        Assert.True(installed == 0, log);
        var (code, told) = Run("jupyter", ["nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=1200",
            "--output-dir", _folder, Path.Combine(Repository, "notebooks", notebook)]);
        Assert.True(code == 0, told);
        Assert.Equal(Outputs(Path.Combine(Repository, "notebooks", notebook)), Outputs(Path.Combine(_folder, notebook)));
    }

    // Which kinds of output each cell has. Their numbers are the claims' business: last places differ between processors, and times always do.
    private static List<string> Outputs(string notebook) =>
        [.. JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray()
            .Where(cell => cell!["cell_type"]!.GetValue<string>() == "code")
            .Select(cell => string.Join(' ', cell!["outputs"]!.AsArray().Select(Kind)))];

    private static string Kind(JsonNode? output) => output!["data"] is JsonObject data
        ? $"{output["output_type"]}:{string.Join(',', data.Select(entry => entry.Key).Order(StringComparer.Ordinal))}"
        : $"{output["output_type"]}:{output["name"]}";

    private (int Code, string Log) Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository };
        start.Environment["JUPYTER_PATH"] = Path.Combine(_folder, "share", "jupyter");
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in {Patience}.");
        }

        return (process.ExitCode, output.Result + errors.Result);
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Mezcla.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException("Mezcla.slnx was not found above the tests.");
    }
}
