using System.IO.Compression;
using System.Runtime.Loader;

namespace Mezcla.Notebooks.Tests;

/// <summary>Packages that bring extensions for .NET Interactive's kernel, restored from NuGet.</summary>
public sealed class InteractiveExtensionTests
{
    [Fact]
    public async Task Formatters_of_extensions_apply_and_nothing_else_changes()
    {
        using var engine = new CellEngine();
        await Run(engine, "var ofCells = new { X = 1 };");
        Assert.Equal("1.2", (await Run(engine, "new Version(1, 2)")).Value![MimeBundle.PlainText]);
        Assert.Empty(Loaded(engine));
        await Restore(engine, "#r \"nuget: Microsoft.Data.Analysis, 0.23.1\"");
        var frame = (await Run(engine, """
            using Microsoft.Data.Analysis;
            new DataFrame(new Int32DataFrameColumn("count", [7, 8]), new StringDataFrameColumn("word", ["x", null]))
            """)).Value!;
        Assert.Contains("<th>count</th>", frame[MimeBundle.Html]);
        Assert.Contains("<i>index</i>", frame[MimeBundle.Html]);
        Assert.Contains("count", frame[MimeBundle.PlainText]);
        Assert.NotEmpty(Loaded(engine));
        Assert.Equal(["text/plain"], (await Run(engine, "new Version(1, 2)")).Value!.Data.Keys);
        Assert.Contains("class=\"mz\"", (await Run(engine, "new[] { new { A = 1 } }")).Value![MimeBundle.Html]);

        await Run(engine, "Formatter.Register<DataFrame>(f => $\"<b>{f.Rows.Count}</b>\");");
        Assert.Equal("<b>1</b>", (await Run(engine, "new DataFrame(new Int32DataFrameColumn(\"a\", [1]))")).Value![MimeBundle.Html]);
    }

    [Fact]
    public async Task Plotly_charts_are_pictures()
    {
        using var engine = new CellEngine();
        await Restore(engine, "#r \"nuget: Plotly.NET.Interactive, 6.0.0\"\n#r \"nuget: Plotly.NET.CSharp, 0.14.0\"");
        var chart = (await Run(engine, "Plotly.NET.CSharp.Chart.Line<int, int, string>(x: [1, 2, 3], y: [3, 1, 2])")).Value!;
        Assert.Contains("\"y\":[3,1,2]", chart[MimeBundle.Html]);
    }

    [Fact]
    public async Task Html_can_be_written_as_csharp()
    {
        using var engine = new CellEngine();
        await Restore(engine, "using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;");
        Assert.Equal("<div><b>a &lt; b</b>c</div>", (await Run(engine, "div(b(\"a < b\"), \"c\")")).Value![MimeBundle.Html]);
        await Run(engine, "record Point(int X); Formatter.Register<Point>(p => i($\"{p.X}\").ToString());");
        Assert.Equal("<i>7</i>", (await Run(engine, "new Point(7)")).Value![MimeBundle.Html]);
    }

    [Fact]
    public async Task Types_that_write_html_can_be_named()
    {
        using var engine = new CellEngine();
        await Restore(engine, "using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;\n" +
            "using Microsoft.DotNet.Interactive.Formatting;");
        Assert.Equal("<i>x</i>", (await Run(engine, "PocketView view = i(\"x\");\nview")).Value![MimeBundle.Html]);
        Assert.Equal("True", (await Run(engine, "typeof(PocketViewTags).GetProperty(\"div\") != null")).Value![MimeBundle.PlainText]);
        await Run(engine, "record Point(int X); Formatter.Register<Point>(p => i($\"{p.X}\").ToString(), \"text/html\");");
        Assert.Equal("<i>7</i>", (await Run(engine, "new Point(7)")).Value![MimeBundle.Html]);
    }

    [Fact]
    public async Task Kernels_found_by_name_lead_back_to_the_engine()
    {
        using var engine = new CellEngine();
        await Restore(engine, """
            using Microsoft.DotNet.Interactive;
            using Microsoft.DotNet.Interactive.Commands;

            await Kernel.Root.FindKernelByName("csharp").SendAsync(new SubmitCode("var made = 6;"));
            """);
        Assert.Equal("7", (await Run(engine, "made + 1")).Value![MimeBundle.PlainText]);

        var output = new RecordingOutput();
        await Run(engine, """
            using Microsoft.DotNet.Interactive;

            var mermaid = Kernel.Root.FindKernelByName("mermaid");
            await mermaid.SendAsync(new SubmitCode("graph TD; router --> expert"));
            await Kernel.Root.SendAsync(new SubmitCode("made * 7"));
            KernelInvocationContext.Current.DisplayAs("<b>bold</b>", "text/html");
            """, output);
        Assert.Equal(
            ["graph TD; router --> expert", "42", "<b>bold</b>"],
            output.Displays.Select(shown => shown.Bundle[MimeBundle.Mermaid] ?? shown.Bundle[MimeBundle.Html]
                ?? shown.Bundle[MimeBundle.PlainText]));
    }

    [Fact]
    public async Task A_cell_can_define_commands_and_need_not_wait_for_what_it_submits()
    {
        using var engine = new CellEngine();
        await Restore(engine, """
            using Microsoft.DotNet.Interactive;
            using Microsoft.DotNet.Interactive.Commands;

            class Greeting(string name) : KernelCommand("csharp")
            {
                public string Name => name;
            }
            """);
        var output = new RecordingOutput();
        await Run(engine, """
            Kernel.Root.FindKernelByName("csharp").RegisterCommandHandler<Greeting>((greeting, context) =>
            {
                context.Display($"Hello, {greeting.Name}!", "text/plain");
                return Task.CompletedTask;
            });
            await Kernel.Root.SendAsync(new Greeting("expert"));
            """, output);
        Assert.Equal("Hello, expert!", Assert.Single(output.Displays).Bundle[MimeBundle.PlainText]);

        await Run(engine, """
            var submitted = new List<Task>();
            for (int i = 0; i < 8; i++)
                submitted.Add(Kernel.Root.SubmitCodeAsync($"int number{i} = {i};"));
            """);
        for (var i = 0; i < 4; i++)
        {
            var next = new RecordingOutput();
            await Run(engine, $"int next{i} = {i}; Console.WriteLine(next{i});", next);
            Assert.Equal($"{i}\n", next.Out);
        }
        await Run(engine, "await Task.WhenAll(submitted);");
        Assert.Equal("28", (await Run(engine, string.Join('+', Enumerable.Range(0, 8).Select(i => $"number{i}")))).Value!
            [MimeBundle.PlainText]);
    }

    [Fact]
    public async Task A_script_in_a_package_prepares_the_session()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-extension-").FullName;
        using (var package = ZipFile.Open(Path.Combine(folder, "Clock.Extension.1.0.0.nupkg"), ZipArchiveMode.Create))
        {
            Add(package, "Clock.Extension.nuspec", """
                <package><metadata><id>Clock.Extension</id><version>1.0.0</version><authors>a test</authors>
                <description>A clock.</description>
                </metadata></package>
                """);
            Add(package, "interactive-extensions/dotnet/extension.dib", """
                #!meta

                {"kernelInfo":{"defaultKernelName":"csharp","items":[{"aliases":[],"name":"csharp"}]}}

                #!csharp

                using Microsoft.DotNet.Interactive;

                Formatter.Register<TimeSpan>(time => $"<b>{time.Hours} h</b>");
                var root = Kernel.Root.Name;

                #!markdown

                The clock *is* ready.
                """);
        }

        var cache = Path.Combine(folder, "cache");
        using var engine = new CellEngine(new CellEngineOptions { PackageCache = cache });
        var output = new RecordingOutput();
        var loaded = await engine.RunAsync($"#i \"nuget: {folder}\"\n#r \"nuget: Clock.Extension, 1.0.0\"", output);
        Assert.SkipWhen(loaded.Error?.Message.Contains("Could not restore", StringComparison.Ordinal) == true, loaded.Error?.Message ?? "");
        Assert.Null(loaded.Error);
        Assert.Contains(output.Displays, shown => shown.Bundle[MimeBundle.Markdown]?.Contains("The clock *is* ready.") == true);
        Assert.Equal("<b>3 h</b>", (await Run(engine, "TimeSpan.FromHours(3)")).Value![MimeBundle.Html]);
        Assert.Equal("mezcla", (await Run(engine, "root")).Value![MimeBundle.PlainText]);
        Directory.Delete(folder, recursive: true);
    }

    private static void Add(ZipArchive package, string name, string text)
    {
        using var writer = new StreamWriter(package.CreateEntry(name).Open());
        writer.Write(text);
    }

    private static async Task<CellResult> Run(CellEngine engine, string code, RecordingOutput? output = null)
    {
        var result = await engine.RunAsync(code, output ?? new RecordingOutput());
        Assert.True(result.Error is null, result.Error?.Message);
        return result;
    }

    private static async Task Restore(CellEngine engine, string code)
    {
        var output = new RecordingOutput();
        var result = await engine.RunAsync(code, output);
        Assert.SkipWhen(result.Error?.Message.Contains("Could not restore", StringComparison.Ordinal) == true, result.Error?.Message ?? "");
        Assert.Null(result.Error);
        Assert.DoesNotContain("could not be loaded", string.Join('\n', output.Events));
    }

    // The load context of the engine holds what its cells brought.
    private static IEnumerable<string> Loaded(CellEngine engine) =>
        AssemblyLoadContext.GetLoadContext(engine.Variables[0].Type.Assembly)!.Assemblies.Select(assembly => assembly.GetName().Name!)
            .Where(name => name.StartsWith("Microsoft.DotNet.Interactive", StringComparison.Ordinal));
}
