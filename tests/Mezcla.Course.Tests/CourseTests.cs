using System.ComponentModel;
using System.Text.Json.Nodes;
using Mezcla.Tests;

namespace Mezcla.Course.Tests;

/// <summary>The course as a reader runs it: every notebook by the command itself, and a third of them, by turns, once more by
/// Jupyter's nbconvert (<see cref="Rotation"/>).</summary>
public sealed class CourseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-course").FullName;

    public static TheoryData<string> Notebooks =>
        [.. Directory.EnumerateFiles(Path.Combine(Checkout.Root, "notebooks"), "*.ipynb").Select(p => Path.GetFileName(p)).Order()];

    public static TheoryData<string> NotebooksOfToday => [.. Rotation.Today(Notebooks.Select(row => row.Data), shift: 0)];

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
            Assert.Empty(CourseComparison.Differences(Path.Combine(Checkout.Root, "notebooks", notebook), Path.Combine(_folder, notebook)));
        }
    }

    [Fact]
    public void Solutions_solve_every_exercise_of_their_chapter()
    {
        var solutions = Path.Combine(Checkout.Root, "notebooks", "solutions");
        var (code, log) = Run("dotnet", [Cli, "run", solutions, "--output", _folder]);
        Assert.True(code == 0, log);
        foreach (var solution in Directory.EnumerateFiles(solutions, "*.ipynb"))
        {
            var name = Path.GetFileName(solution);
            Assert.Empty(CourseComparison.Differences(solution, Path.Combine(_folder, name)));
            var solved = Exercises(Path.Combine(_folder, name));
            Assert.All(solved, exercise => Assert.True(exercise.Solved, $"{name}: '{exercise.Title}' is not solved."));
            // As given, an exercise is open: it shows hints, and its cell has not failed.
            var given = Exercises(Path.Combine(Checkout.Root, "notebooks", name));
            Assert.All(given, exercise => Assert.False(exercise.Solved, $"{name}: '{exercise.Title}' is solved as given."));
            // With as many checks: who grades compares their number with that of the solution.
            Assert.Equal(given.Select(e => (e.Title, e.Checks)), solved.Select(e => (e.Title, e.Checks)));
        }
    }

    [Theory]
    [InlineData("3.38 against 3.43 nats", "3.39 against 3.43 nats", true)]
    [InlineData("3.38 against 3.43 nats", "3.48 against 3.43 nats", false)]
    [InlineData("1.5e-7 nats", "2.5e-7 nats", true)]
    [InlineData("3.38 nats", "3.38 nats per token", false)]
    public void Numbers_may_differ_by_two_percent_and_words_may_not(string committed, string fresh, bool alike) =>
        Assert.Equal(alike, CourseComparison.Difference(committed, fresh).Length == 0);

    [Fact]
    public void Every_chapter_with_exercises_has_solutions() => Assert.All(
        Notebooks.Select(row => row.Data).Where(name => Exercises(Path.Combine(Checkout.Root, "notebooks", name)).Count > 0),
        name => Assert.True(File.Exists(Path.Combine(Checkout.Root, "notebooks", "solutions", name)),
            $"notebooks/solutions/{name} is missing."));

    [Theory]
    [MemberData(nameof(NotebooksOfToday))]
    public void Jupyter_runs_it_too(string notebook)
    {
        try
        {
            var (version, reason) = Run("jupyter", ["nbconvert", "--version"]);
            if (version != 0)
                Assert.Skip($"jupyter nbconvert does not start here: {reason}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("Jupyter is not here; on Debian: apt-get install jupyter-nbconvert");
        }

        var (installed, log) = Run("dotnet", [Cli, "kernel", "install", "--prefix", _folder]);
        Assert.True(installed == 0, log);
        var (code, told) = Run("jupyter", ["nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=1200",
            "--output-dir", _folder, Path.Combine(Checkout.Root, "notebooks", notebook)]);
        Assert.True(code == 0, told);
        Assert.Empty(CourseComparison.Differences(Path.Combine(Checkout.Root, "notebooks", notebook), Path.Combine(_folder, notebook)));
    }

    private static List<(string Title, bool Solved, int Checks)> Exercises(string notebook) =>
        [.. JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray()
            .SelectMany(cell => cell!["outputs"]?.AsArray() ?? [])
            .Select(output => output!["data"]?["application/vnd.mezcla.exercise+json"])
            .OfType<JsonObject>()
            .Select(
                exercise =>
                    (exercise["title"]!.GetValue<string>(), exercise["solved"]!.GetValue<bool>(), exercise["checks"]!.GetValue<int>()))];

    private (int Code, string Log) Run(string program, string[] arguments) => Programs.Run(program, arguments, Checkout.Root,
        new Dictionary<string, string> { ["JUPYTER_PATH"] = Path.Combine(_folder, "share", "jupyter") });
}
