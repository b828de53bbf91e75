namespace Mezcla.Notebooks.Tests;

/// <summary><c>#r</c>, <c>#load</c> and <c>#!…</c>, all but packages.</summary>
public sealed class DirectiveTests(EngineFixture cells) : IClassFixture<EngineFixture>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mezcla-directives-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Languages_change_within_a_cell()
    {
        var (result, output) =
            await cells.Run("var n = 1;\nn\n#!markdown\n# Title\n\ntext\n#!html\n<b>b</b>\n#!javascript\nalert(1)\n#!csharp\nn + 1");
        Assert.Equal(2, result.ReturnValue);
        Assert.Equal(["1", "# Title\n\ntext", "<b>b</b>", "alert(1)"], output.Displays.Select(shown =>
            shown.Bundle[MimeBundle.Markdown] ?? shown.Bundle[MimeBundle.Html] ?? shown.Bundle[MimeBundle.JavaScript]
                ?? shown.Bundle[MimeBundle.PlainText]));
    }

    [Fact]
    public async Task Places_stay_true_below_directives()
    {
        var error = await cells.Error("#!time\n#!markdown\n# x\n#!csharp\nvar ok = 1;\n   oops2");
        Assert.Equal((6, 4), (error.Line, error.Column));
    }

    [Theory]
    [InlineData("var s = \"\"\"\n#!html\nin a string\n\"\"\";\ns", "#!html\nin a string")]
    [InlineData("var s = @\"\n#!html\n\";\ns.Trim()", "#!html")]
    [InlineData("/*\n#!html\n*/ \"comment\"", "comment")]
    [InlineData("var s = $\"\"\"\n#r \"{1 + 1}\"\n\"\"\";\ns", "#r \"2\"")]
    [InlineData("#nullable enable\n#region R\n#pragma warning disable CS0219\n\"ordinary\"\n#endregion", "ordinary")]
    public async Task What_only_looks_like_a_directive_is_none(string code, string value) => Assert.Equal(value, await cells.Value(code));

    [Fact]
    public async Task Time_is_measured()
    {
        var (result, output) = await cells.Run("#!time\nThread.Sleep(20);\n5");
        Assert.Equal(5, result.ReturnValue);
        var text = Assert.Single(output.Displays).Bundle[MimeBundle.PlainText]!;
        Assert.Matches(@"^Wall time: \d+(\.\d+)? ms$", text);
    }

    [Fact]
    public async Task The_kernel_tells_about_itself_and_its_variables()
    {
        Assert.Contains("C# 14 on .NET", (await cells.Run("#!about")).Output.Displays[0].Bundle[MimeBundle.PlainText]);
        Assert.Contains("#!markdown", (await cells.Run("#!lsmagic")).Output.Displays[0].Bundle[MimeBundle.PlainText]);
        await cells.Value("var told = new[] { 1, 2 };");
        Assert.Contains("told", (await cells.Run("#!who")).Output.Displays[0].Bundle[MimeBundle.PlainText]);
        Assert.Matches(@"(?m)^told +int\[\] +\[1, 2\]", (await cells.Run("#!whos")).Output.Displays[0].Bundle[MimeBundle.PlainText]);
    }

    [Theory]
    [InlineData("1 + 1;\n#!nonsense", "There is no directive #!nonsense")]
    [InlineData("1 + 1;\n#!connect sql --kernel-name db", "#r \"nuget: Microsoft.Data.Sqlite\"")]
    [InlineData("1 + 1;\n#!set --name x", "#!set needs a name and a value")]
    [InlineData("1 + 1;\n#!set --name x --value @javascript:y", "its values cannot come back")]
    [InlineData("1 + 1;\n#!set --name 1x --value 2", "'1x' cannot be the name of a variable")]
    [InlineData("1 + 1;\n#!share x", "#!share needs a variable and where it comes from")]
    [InlineData("1 + 1;\n#!share --from csharp nothere", "There is no variable nothere")]
    [InlineData("1 + 1;\n#!share --from value nothere", "There is no value nothere")]
    [InlineData("1 + 1;\n#!share --from python x", "Only C# and #!value hold values here, not python")]
    [InlineData("1 + 1;\n#r \"nothere.dll\"", "There is no file")]
    [InlineData("1 + 1;\n#r \"Some.Package\"", "#r \"nuget: Some.Package\"")]
    [InlineData("1 + 1;\n#load \"nothere.csx\"", "There is no file")]
    [InlineData("1 + 1;\n#!import \"nothere.csx\"", "There is no file")]
    [InlineData("1 + 1;\n#!import nothere.ipynb", "There is no file")]
    [InlineData("1 + 1;\n#r \"nuget: \"", "does not name a package")]
    [InlineData("1 + 1;\n#r \"nuget: A, 1.0 <evil/>\"", "is not a package version")]
    [InlineData("1 + 1;\n#i \"folder\"", "#i takes a package source")]
    public async Task What_cannot_be_done_is_said_with_its_line(string code, string text)
    {
        var error = await cells.Error(code);
        Assert.Equal((CellErrorKind.Directive, "DirectiveError", 2), (error.Kind, error.Name, error.Line));
        Assert.Contains(text, error.Message);
    }

    [Fact]
    public async Task What_notebooks_for_dotnet_interactive_begin_with_is_passed_over()
    {
        var (result, output) = await cells.Run("""
            #r "nuget: Microsoft.DotNet.Interactive, 1.0.0-beta.24"
            using Microsoft.DotNet.Interactive;
            using Microsoft.DotNet.Interactive.Formatting; using System.Text;
            record Point(int X);
            Formatter.Register<Point>((point, writer) => writer.Write($"<i>{point.X}</i>"), "text/html");
            new StringBuilder("after").ToString()
            """);
        Assert.Null(result.Error);
        Assert.Equal("after", result.ReturnValue);
        Assert.Contains("need no package", Assert.Single(output.Displays).Bundle[MimeBundle.PlainText]);
        Assert.Equal("<i>7</i>", (await cells.Run("new Point(7)")).Result.Value![MimeBundle.Html]);
    }

    [Fact]
    public async Task A_file_is_loaded_before_the_cells_own_code_and_files_load_each_other()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "inner"));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "outer.csx"),
            "#load \"inner/base.cs\"\nint FromOuter() => FromBase() + 1;\n");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "inner", "base.cs"),
            "using System.Text;\nint FromBase() => new StringBuilder(\"ab\").Length;\nclass Loaded { public int V => 5; }\n");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "round.csx"), "#load \"round.csx\"");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "broken.csx"), "var fine = 1;\nvar bad = absent3;");
        using var engine = new CellEngine(new CellEngineOptions { WorkingDirectory = _folder.FullName });
        Assert.Equal(8, (await engine.RunAsync("#load \"outer.csx\"\nFromOuter() + new Loaded().V", new RecordingOutput())).ReturnValue);
        Assert.Contains("loads itself", (await engine.RunAsync("#load \"round.csx\"", new RecordingOutput())).Error!.Message);
        var broken = (await engine.RunAsync("#load \"broken.csx\"", new RecordingOutput())).Error!;
        Assert.Contains("broken.csx, line 2, column 11", broken.Message);
        Assert.Null(broken.Line);
    }

    [Fact]
    public async Task Import_runs_a_file_and_passes_over_one_that_the_host_provides()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "names.csx"), "using System.Text;\nvar imported = 3;");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "given.csx"), "throw new Exception(\"not to be run\");");
        var options = new CellEngineOptions { WorkingDirectory = _folder.FullName, ProvidedFiles = ["given.csx", "absent.csx"] };
        using var engine = new CellEngine(options);
        foreach (var line in new[] { "#!import \"given.csx\"", "#!import ../absent.csx", "#load \"given.csx\"" })
        {
            var output = new RecordingOutput();
            Assert.Null((await engine.RunAsync(line, output)).Error);
            Assert.Empty(output.Events);
        }

        Assert.Null((await engine.RunAsync("#!import \"names.csx\"", new RecordingOutput())).Error);
        Assert.Equal(5, (await engine.RunAsync("imported + new StringBuilder(\"ab\").Length", new RecordingOutput())).ReturnValue);
        using var other = new CellEngine(options with { ProvidedFiles = [] });
        Assert.Contains("not to be run", (await other.RunAsync("#!import \"given.csx\"", new RecordingOutput())).Error!.Message);
    }

    [Fact]
    public async Task An_assembly_that_the_host_has_already_can_be_named()
    {
        var own = typeof(CellEngine).Assembly.Location;
        Assert.Equal("CellEngine", await cells.Value($"#r \"{own.Replace('\\', '/')}\"\ntypeof(Mezcla.Notebooks.CellEngine).Name"));
    }

    [Fact]
    public async Task An_assembly_file_can_be_used()
    {
        var path = Path.Combine(_folder.FullName, "Extra.Things.dll");
        TestAssemblies.Write(path, "namespace Extra { public class Thing { public int Value => 12; } }");
        using var engine = new CellEngine(new CellEngineOptions { WorkingDirectory = _folder.FullName });
        Assert.Equal(12,
            (await engine.RunAsync("#r \"Extra.Things.dll\"\nusing Extra;\nnew Thing().Value", new RecordingOutput())).ReturnValue);
        Assert.Equal(24,
            (await engine.RunAsync("class Uses { public int V => 2 * new Thing().Value; } new Uses().V",
                new RecordingOutput())).ReturnValue);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "text.dll"), "no assembly");
        Assert.Contains("is not a .NET assembly", (await engine.RunAsync("#r \"text.dll\"", new RecordingOutput())).Error!.Message);
    }
}
