using System.Diagnostics;
using System.Text.Json.Nodes;
using Mezcla.Cli.Commands;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;
using Mezcla.Tensors.Torch;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

/// <summary>Notebooks in processes of their own: real processes, started as the command starts them.</summary>
public sealed class RunCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-run").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_process_runs_a_notebook_in_its_folder_with_the_libraries_of_the_course()
    {
        File.WriteAllText(Path.Combine(_folder, "data.txt"), "beside");
        var seen = new List<NotebookProgress>();
        var run =
            await Run(
                ["File.ReadAllText(\"data.txt\")", "Console.WriteLine(\"printed\"); Chart.Lines(title: \"t\").Add(\"a\", [1, 2, 3])",
                    "Claim.Check(\"four\", 4, n * 2)"], new()
                    {
                        Progress = seen.Add,
                        Parameters = new Dictionary<string, string> { ["n"] = "2" },
                    });
        Assert.Empty(run.Errors.Select(e => e.Error.Message));
        Assert.True(run.Succeeded);
        Assert.Equal((4, 4, 1), (run.CellsRun, run.CellCount, run.ClaimsHeld));
        Assert.Contains("beside", Shown(run.Notebook.Cells[1]));
        Assert.Contains("<svg", run.Notebook.Cells[2].Outputs.OfType<DisplayOutput>().Single().Bundle[MimeBundle.Html]);
        Assert.Equal(4, seen.OfType<CellEnded>().Count());
        Assert.Contains(seen.OfType<CellPrinted>(), p => p.Text.Contains("printed"));
        Assert.Equal(run.Notebook.ToJson(), File.ReadAllText(Saved));
    }

    // On a system with an old libstdc++ TorchSharp does not find its own library.
    [Fact]
    public async Task A_cell_uses_TorchSharp_with_the_libtorch_that_it_restored()
    {
        var library = new TorchInstallation(cuda: false);
        Assert.SkipUnless(TorchLibrary.Find(cuda: false) is { IsComplete: true, Folder: { } folder } && folder.Contains(library.Package),
            "libtorch is not among NuGet's packages here; mezcla doctor --install torch fetches it.");
        var version = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);
        var run = await Run(
            [$"#r \"nuget: TorchSharp, {version}\"\n#r \"nuget: {library.Package}, {library.Version}\"",
                "TorchSharp.torch.ones(2, 3).sum().item<float>() * 7"], new());
        Assert.Empty(run.Errors.Select(e => e.Error.Message));
        Assert.Contains("42", Shown(run.Notebook.Cells[1]));
    }

    [Fact]
    public async Task A_process_that_dies_leaves_what_it_had_and_why()
    {
        var run = await Run(["1 + 1", "System.Diagnostics.Process.GetCurrentProcess().Kill();", "3"], new());
        Assert.False(run.Succeeded);
        var saved = Notebook.Read(Saved);
        Assert.Contains("2", Shown(saved.Cells[0]));
        var error = Assert.IsType<ErrorOutput>(saved.Cells[1].Outputs.Single());
        Assert.Equal("ProcessEnded", error.Name);
        Assert.Contains("exit code", error.Message);
        Assert.Empty(saved.Cells[2].Outputs);
        Assert.Equal((2, 3), (run.CellsRun, run.CellCount));
    }

    [Fact]
    public async Task A_cell_that_nothing_stops_is_reported_and_its_process_ends()
    {
        // Native code that reads from a pipe to which nobody writes cannot be interrupted.
        if (OperatingSystem.IsWindows())
            Assert.Skip("This reads from a pipe of Unix.");
        var run =
            await Run(
                [
                    "using System.Runtime.InteropServices;\n[DllImport(\"libc\")] static extern int pipe(int[] ends);\n" +
                        "[DllImport(\"libc\")] static extern nint read(int end, byte[] bytes, nint count);\nvar ends = new int[2];\n" +
                        "pipe(ends);\nread(ends[0], new byte[1], 1);"], new() { CellTimeout = TimeSpan.FromSeconds(2) });
        // The engine may give the cell's thread up, or the runner the engine; either way the process is gone and the notebook says so.
        Assert.Contains(Assert.Single(run.Errors).Error.Name, (string[])["Timeout", "Hung"]);
        Assert.NotEmpty(Notebook.Read(Saved).Cells[0].Outputs.OfType<ErrorOutput>());
    }

    [Fact]
    public async Task Cancelling_stops_the_cell_and_keeps_what_ran()
    {
        using var cancel = new CancellationTokenSource();
        var run = await Run(["1 + 1", "Console.WriteLine(\"now\"); while (true) { }", "3"], new()
        {
            Progress = p =>
        {
            if (p is CellPrinted { Text: var text } && text.Contains("now"))
                cancel.Cancel();
        }
        }, cancel.Token);
        Assert.Equal("Interrupted", Assert.Single(run.Errors).Error.Name);
        Assert.Contains("2", Shown(Notebook.Read(Saved).Cells[0]));
    }

    [Fact]
    public async Task What_cannot_be_started_or_read_says_so()
    {
        var file = Write("a.ipynb", ["1"]);
        await Assert.ThrowsAsync<IOException>(
            () => NotebookProcess.RunAsync(new("no-such-program-here", []), file, new() { SaveTo = Saved }));
        await Assert.ThrowsAsync<FileNotFoundException>(
            () => NotebookProcess.RunAsync(NotebookHostCommand.Start(null), Path.Combine(_folder, "none.ipynb"), new() { SaveTo = Saved }));
        File.WriteAllText(file, "{}");
        await Assert.ThrowsAsync<InvalidDataException>(
            () => NotebookProcess.RunAsync(NotebookHostCommand.Start(null), file, new() { SaveTo = Saved }));
        var bad = Write("b.ipynb", ["1"]);
        await Assert.ThrowsAsync<InvalidDataException>(() => NotebookProcess.RunAsync(NotebookHostCommand.Start(null), bad,
            new() { SaveTo = Saved, Parameters = new Dictionary<string, string> { ["a b"] = "1" } }));
    }

    [Fact]
    public async Task A_batch_tells_what_happened_and_writes_pages()
    {
        var (good, bad) =
            (Write("01-good.ipynb", ["Claim.Holds(\"yes\", true)"]), Write("02-bad.ipynb", ["1", "throw new Exception(\"<oh>\");"]));
        var console = new TestConsole();
        var batch = new NotebookBatch(console, NotebookHostCommand.Start(null));
        string Out(string notebook) => Path.Combine(_folder, "out", Path.GetFileName(notebook));
        var runs =
            await batch.RunAsync(new([good, bad], Out, null, AllowErrors: false, new Dictionary<string, string>(),
                (n, _) => (Path.ChangeExtension(Out(n), ".html"), new())), CancellationToken.None);
        Assert.Equal([true, false], runs.Select(r => r.Run.Succeeded));
        Assert.Contains("✓ 01-good  1 cells, 1 of 1 claims held", console.Output);
        Assert.Contains("✗ 02-bad  2 of 2 cells", console.Output);
        Assert.Contains("System.Exception: <oh>", console.Output);
        Assert.Contains("&lt;oh&gt;", File.ReadAllText(Path.ChangeExtension(Out(bad), ".html")));
    }

    [Fact]
    public async Task A_file_of_polyglot_notebooks_becomes_a_notebook_with_outputs_and_back()
    {
        var file = Path.Combine(_folder, "a.dib");
        File.WriteAllText(file, "#!markdown\n\n# T\n\n#!fsharp\n\nlet x = 1\n\n#!csharp\n\n20 + 1");
        var output = Path.Combine(_folder, "out");
        Assert.Equal(0, await MezclaCommand.Create().Parse(["run", file, "--output", output]).InvokeAsync());
        var executed = Path.Combine(output, "a.ipynb");
        Assert.Equal("21", Assert.IsType<DisplayOutput>(Notebook.Read(executed).Cells[^1].Outputs.Single()).Bundle[MimeBundle.PlainText]);

        var (back, console) = (Path.Combine(_folder, "back.dib"), new StringWriter());
        ConvertCommand.Run(console, executed, back, "F32", false);
        Assert.Contains("holds no outputs", console.ToString());
        Assert.Equal(Notebook.Read(file).Cells.Select(cell => (cell.Kind, cell.Language, cell.Source)),
            Notebook.Read(back).Cells.Select(cell => (cell.Kind, cell.Language, cell.Source)));
        var refused = Assert.Throws<ArgumentException>(
            () => ConvertCommand.Run(console, executed, Path.Combine(_folder, "b.gguf"), "F32", false));
        Assert.Contains("nothing else becomes one", refused.Message);
        Assert.NotEqual(0, await MezclaCommand.Create().Parse(["run", file, "--in-place"]).InvokeAsync());
    }

    [Fact]
    public void Folders_stand_for_their_notebooks()
    {
        var files = new[] { Write("b.ipynb", []), Write("a.ipynb", []), Write(Path.Combine(".ipynb_checkpoints", "a-checkpoint.ipynb"), []),
            Write(Path.Combine("executed", "a.ipynb"), []), Write(Path.Combine("sub", "c.ipynb"), []) };
        Assert.Equal([files[1], files[0], files[4]], NotebookFiles.Find([_folder]));
        Assert.Equal([files[0]], NotebookFiles.Find([files[0], files[0]]));
        Assert.Throws<FileNotFoundException>(() => NotebookFiles.Find([Path.Combine(_folder, "none")]));
        Assert.Throws<FileNotFoundException>(
            () => NotebookFiles.Find([Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName]));
    }

    [Fact]
    public void Chapters_are_chosen_by_number_or_name()
    {
        string[] all = ["/n/00-start.ipynb", "/n/03-transformer.ipynb", "/n/04-gating.ipynb"];
        Assert.Equal(all, CourseCommand.Choose(all, []));
        Assert.Equal([all[1], all[2]], CourseCommand.Choose(all, ["gating", "3"]));
        Assert.Contains("00-start, 03-transformer", Assert.Throws<ArgumentException>(() => CourseCommand.Choose(all, ["9"])).Message);
    }

    [Fact]
    public async Task The_runner_and_nbconvert_give_the_same_outputs()
    {
        if (Execute("jupyter", "nbconvert", "--version").Code != 0)
            Assert.Skip("Debian's jupyter-nbconvert is not installed.");
        var notebook = Write("same.ipynb",
        [
            "var x = 6 * 7;\nConsole.WriteLine($\"x is {x}\");",
            "Console.Error.WriteLine(\"careful\"); x",
            "new[] { new { Name = \"a\", Size = 1.5 }, new { Name = \"<b>\", Size = 2.0 } }",
            "Chart.Lines(title: \"t\", x: \"s\").Add(\"a\", [1, 2, 4])",
            "Claim.Check(\"forty-two\", 42, x)",
            "display(\"one\"); display(\"two\");",
            "var shown = display(\"before\"); Console.WriteLine(\"between\"); Console.Error.WriteLine(\"aside\"); " +
                "Console.WriteLine(\"after\");",
            "shown.Update(\"after\"); display(HTML(\"<b>bold</b>\"));",
            "Console.WriteLine(\"gone\"); ClearOutput(); Console.WriteLine(\"stays\");",
            "Console.WriteLine(\"replaced\"); ClearOutput(wait: true); display(LaTeX(\"$x^2$\"));",
            "#!markdown\n# Title\n#!csharp\nnew int[,] { { 1, 2 }, { 3, 4 } }",
            "for (var i = 0; i < 3000; i++) Console.WriteLine($\"\\u001b[31mred {i}\\u001b[0m \\U0001F600\");",
            "",
            "throw new InvalidOperationException(\"on purpose\");",
        ]);
        var tagged = Notebook.Read(notebook);
        tagged.Cells[^1].Metadata["tags"] = new JsonArray(NotebookRunner.MayFail);
        tagged.Write(notebook);
        var run = await NotebookProcess.RunAsync(NotebookHostCommand.Start(null), notebook, new() { SaveTo = Saved });
        Assert.True(run.Succeeded);

        var spec = Directory.CreateDirectory(Path.Combine(_folder, "jupyter", "kernels", ".net-csharp")).FullName;
        File.WriteAllText(Path.Combine(spec, "kernel.json"), new JsonObject
        {
            ["argv"] = new JsonArray("dotnet", typeof(RunCommand).Assembly.Location, "kernel", "start", "--connection-file",
                "{connection_file}"),
            ["display_name"] = ".NET (C#)",
            ["language"] = "C#",
            ["interrupt_mode"] = "message",
        }.ToJsonString());
        var (code, output) = Execute("jupyter", "nbconvert", "--to", "notebook", "--execute", "--output", "theirs.ipynb", notebook);
        Assert.True(code == 0, output);
        var theirs = Notebook.Read(Path.Combine(_folder, "theirs.ipynb"));
        for (var i = 0; i < run.Notebook.Cells.Count; i++)
            Assert.Equal(Outputs(theirs.Cells[i]), Outputs(run.Notebook.Cells[i]));

        static string Outputs(NotebookCell cell)
        {
            var alone = new Notebook();
            alone.Cells.Add(new(CellKind.Code, cell.Source, "x") { ExecutionCount = cell.ExecutionCount });
            alone.Cells[0].Outputs.AddRange(cell.Outputs);
            return alone.ToJson();
        }
    }

    private string Saved => Path.Combine(_folder, "saved.ipynb");

    private Task<NotebookRun> Run(string[] cells, NotebookRunOptions options, CancellationToken cancellation = default) =>
        NotebookProcess.RunAsync(NotebookHostCommand.Start(null), Write("notebook.ipynb", cells), options with { SaveTo = Saved },
            cancellation);

    private string Write(string name, string[] cells)
    {
        var notebook = Notebook.ForCSharp();
        for (var i = 0; i < cells.Length; i++)
            notebook.Cells.Add(new NotebookCell(CellKind.Code, cells[i], $"c{i}"));
        var path = Path.Combine(_folder, name);
        notebook.Write(path);
        return path;
    }

    private static string Shown(NotebookCell cell) =>
        string.Concat(cell.Outputs.OfType<DisplayOutput>().Select(d => d.Bundle[MimeBundle.PlainText]));

    private (int Code, string Output) Execute(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program,
                arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
            start.Environment["JUPYTER_PATH"] = Path.Combine(_folder, "jupyter");
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, $"{program} is not installed");
        }
    }
}
