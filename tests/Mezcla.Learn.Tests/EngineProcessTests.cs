using System.Text;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Tests;

/// <summary>The engine in a process of its own does what an engine does, and its end takes nothing else with it.</summary>
[Collection(nameof(OneAtATime))]
public sealed class EngineProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cells_run_print_display_ask_and_fail_as_in_the_engine_itself()
    {
        await using var engine = EngineProcess.Start(Classroom.Engine, Path.GetTempPath());
        var heard = new Heard { Line = "Ada" };
        var first = await Run(engine, "var x = 20; Console.WriteLine(\"out\"); Console.Error.WriteLine(\"err\"); x + 1", heard);
        Assert.Equal("21", first.Value![MimeBundle.PlainText]);
        Assert.Equal("out\n", heard.Out.ToString());
        Assert.Equal("err\n", heard.Error.ToString());

        var shown = await Run(engine, "var h = display(\"one\"); h.Update(\"two\"); x", heard);
        Assert.Equal("20", shown.Value![MimeBundle.PlainText]);
        Assert.Equal(["one", "two"], heard.Shown);

        var asked = await Run(engine, "Console.ReadLine()", heard);
        Assert.Contains("Ada", asked.Value![MimeBundle.PlainText]);

        var failed = await Run(engine, "var y = 1;\n\nthrow new InvalidOperationException(\"no\");", heard);
        Assert.Equal(("System.InvalidOperationException", 3), (failed.Error!.Name, failed.Error.Line));
        Assert.Equal("1", (await Run(engine, "y", heard)).Value![MimeBundle.PlainText]);

        var found = await engine.CompleteAsync("x.ToStr", 7);
        Assert.Contains(found.Items, i => i.Text == "ToString");
        Assert.Contains("int", (await engine.InspectAsync("x", 1))![MimeBundle.PlainText]);
    }

    [Fact]
    public async Task An_endless_loop_is_interrupted_and_the_variables_stay()
    {
        await using var engine = EngineProcess.Start(Classroom.Engine, Path.GetTempPath());
        await Run(engine, "var kept = 7;", new Heard());
        var heard = new Heard();
        var endless = Run(engine, "Console.WriteLine(\"begun\"); while (true) { kept++; }", heard);
        await Eventually(() => heard.Out.ToString().Contains("begun"));
        engine.Interrupt();
        Assert.Equal(CellErrorKind.Interrupted, (await endless.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Error!.Kind);
        Assert.NotEqual("7", (await Run(engine, "kept", heard)).Value![MimeBundle.PlainText]);
    }

    [Theory]
    [InlineData("System.Diagnostics.Process.GetCurrentProcess().Kill();")]
    [InlineData("System.Runtime.InteropServices.Marshal.ReadByte((nint)0x7fff_0000_0000);")]
    public async Task The_end_of_the_process_is_the_result_of_the_cell(string code)
    {
        await using var engine = EngineProcess.Start(Classroom.Engine, Path.GetTempPath());
        var result = await Run(engine, code, new Heard());
        Assert.Equal("ProcessEnded", result.Error!.Name);
        Assert.Contains("exit code", result.Error.Message);
        Assert.Contains("exit code", await engine.Ended.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        // Nobody waits for an engine that is gone.
        Assert.Equal("ProcessEnded", (await Run(engine, "1", new Heard())).Error!.Name);
        Assert.Empty((await engine.CompleteAsync("x.", 2)).Items);
    }

    private static Task<CellResult> Run(EngineProcess engine, string code, ICellOutput output) =>
        engine.RunAsync(code, output, new()).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

    private static async Task Eventually(Func<bool> holds)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 600, "It did not happen within a minute.");
            await Task.Delay(100, Cancel);
        }
    }

    private sealed class Heard : ICellOutput
    {
        public StringBuilder Out { get; } = new();

        public StringBuilder Error { get; } = new();

        public List<string> Shown { get; } = [];

        public string? Line { get; init; }

        public void Write(OutputStream stream, string text) => (stream == OutputStream.Out ? Out : Error).Append(text);

        public void Display(MimeBundle bundle, string? displayId) => Shown.Add(bundle[MimeBundle.PlainText]!);

        public void UpdateDisplay(string displayId, MimeBundle bundle) => Shown.Add(bundle[MimeBundle.PlainText]!);

        public void Clear(bool wait)
        {
        }

        public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) => Task.FromResult(Line);
    }
}
