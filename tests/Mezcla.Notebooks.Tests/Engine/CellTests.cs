namespace Mezcla.Notebooks.Tests;

public sealed class CellTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task A_cell_sees_what_earlier_cells_declared()
    {
        var (first, output) = await cells.Run("int x1 = 20; Console.WriteLine(\"set\");");
        Assert.True(first.Succeeded);
        Assert.Null(first.Value);
        Assert.Equal("set\n", output.Out);
        var (second, _) = await cells.Run("x1 + 22");
        Assert.Equal(42, second.ReturnValue);
        Assert.Equal("42", second.Value![MimeBundle.PlainText]);
    }

    [Theory]
    [InlineData("var a2 = 1; a2", 1)]
    [InlineData("var (p2, q2) = (3, 4); p2 * q2", 12)]
    [InlineData("await Task.FromResult(5)", 5)]
    [InlineData("int F2(int n) => n <= 1 ? 1 : n * F2(n - 1); F2(5)", 120)]
    [InlineData("unsafe { int z = 3; int* p = &z; return *p; }", 3)]
    [InlineData("if (DateTime.Now.Year > 2000) return 7; return 8;", 7)]
    [InlineData("static int Quad2(this int x) => x * 4; 5.Quad2()", 20)]
    [InlineData("using System.Text; using M2 = System.Math; M2.Abs(-3)", 3)]
    [InlineData("using static System.Math; Max(3, 4)", 4)]
    [InlineData("(from i in Enumerable.Range(0, 4) select i * 2).Sum()", 12)]
    [InlineData("\"\"\"a raw \"string\" \"\"\".Length", 15)]
    [InlineData("int[] xs2 = [1, .. Enumerable.Range(2, 3)]; xs2.Sum()", 10)]
    [InlineData("Span<int> Three() => new[] { 1, 2, 3 }; int s2 = 0; foreach (var v in Three()) s2 += v; s2", 6)]
    public async Task CSharp_14_runs_at_the_top_level(string code, int expected) => Assert.Equal(expected, await cells.Value(code));

    [Fact]
    public async Task Statements_have_no_value_and_null_has_one()
    {
        Assert.Null((await cells.Run("var n3 = 1;")).Result.Value);
        Assert.Null((await cells.Run("Console.WriteLine(1)")).Result.Value);
        Assert.Null((await cells.Run("await Task.Delay(1)")).Result.Value);
        Assert.Equal("null", (await cells.Run("(string)null")).Result.Value![MimeBundle.PlainText]);
    }

    [Theory]
    [InlineData("async Task<int> Later1() { await Task.Delay(5); return 6; } Later1().Result")]
    [InlineData("async Task<int> Later2() { await Task.Yield(); await Task.Delay(5); return 6; } Later2().GetAwaiter().GetResult()")]
    [InlineData("async Task<int> Later3() { await Task.Delay(5); return 6; } await Task.Yield(); var t3 = Later3(); t3.Wait(); t3.Result")]
    public async Task Waiting_for_what_awaits_does_not_lock_the_cell(string code) =>
        Assert.Equal(6, await cells.Value(code).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_silent_cell_runs_without_formatting_its_value()
    {
        var (result, _) = await cells.Run("1 + 1", new CellOptions { Silent = true });
        Assert.Null(result.Value);
        Assert.Equal(2, result.ReturnValue);
    }

    [Fact]
    public async Task Using_directives_hold_for_later_cells_and_their_types()
    {
        await cells.Value("using System.Text; using Sums = System.Collections.Generic.Dictionary<string, int>;");
        Assert.Equal("ab", await cells.Value("new StringBuilder(\"a\").Append(\"b\").ToString()"));
        Assert.Equal(1,
            await cells.Value(
                "class Tally { public Sums All = new() { [\"x\"] = 1 }; public StringBuilder Log = new(); } new Tally().All.Count"));
    }

    [Fact]
    public async Task A_using_variable_lives_on_for_later_cells()
    {
        await cells.Value("using var kept = new MemoryStream(new byte[] { 1, 2, 3 });\nawait using var other = new MemoryStream();");
        Assert.Equal(3L, await cells.Value("other.Length + kept.Length"));
    }

    [Fact]
    public async Task Variables_are_listed_with_the_latest_of_each_name()
    {
        await cells.Value("int listed = 1;");
        await cells.Value("string listed = \"two\"; listed += \"!\";");
        var variable = Assert.Single(cells.Engine.Variables, variable => variable.Name == "listed");
        Assert.Equal((typeof(string), "two!"), (variable.Type, variable.Value));
    }

    [Fact]
    public async Task Variables_set_before_an_exception_live()
    {
        var error = await cells.Error("var before = 3;\nthrow new InvalidOperationException(\"no\");");
        Assert.Equal("System.InvalidOperationException", error.Name);
        Assert.Equal(3, await cells.Value("before"));
    }

    [Fact]
    public async Task What_does_not_compile_leaves_nothing_behind()
    {
        await cells.Error("var ghost = 1; class Ghost { } nothing();");
        Assert.Equal("CS0103", IdOf(await cells.Error("ghost")));
        Assert.Equal("CS0246", IdOf(await cells.Error("new Ghost()")));

        static string IdOf(CellError error) => error.Message.Split("error ")[1][..6];
    }

    [Fact]
    public async Task Warnings_are_kept_aside()
    {
        var (result, output) = await cells.Run("int unused() { int neverRead = 5; return 1; }");
        Assert.True(result.Succeeded);
        Assert.Contains("CS0219", Assert.Single(result.Warnings));
        Assert.Empty(output.Events);
    }

    [Fact]
    public async Task The_host_gives_references_imports_and_globals()
    {
        using var engine = new CellEngine(new CellEngineOptions
        {
            References = [typeof(HostThings).Assembly],
            Imports = ["Mezcla.Notebooks.Tests", "static Mezcla.Notebooks.Tests.HostThings"],
            Globals = new HostGlobals { Seed = 40 },
        });
        var result = await engine.RunAsync("class Uses { public int Sum(int n) => Twice(n); } Seed = Seed + new Uses().Sum(1); Seed",
            new RecordingOutput());
        Assert.Equal(42, result.ReturnValue);
        Assert.Same(typeof(HostThings), (await engine.RunAsync("typeof(HostThings)", new RecordingOutput())).ReturnValue);
    }

    [Fact]
    public async Task Cells_are_numbered_and_named()
    {
        using var engine = new CellEngine();
        Assert.StartsWith("Cell 1, line 1", (await engine.RunAsync("oops1", new RecordingOutput())).Error!.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("Cell 7, line 1",
            (await engine.RunAsync("oops1", new RecordingOutput(), new CellOptions { Number = 7 })).Error!.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("Cell 8, line 1", (await engine.RunAsync("oops1", new RecordingOutput())).Error!.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("setup, line 1",
            (await engine.RunAsync("oops1", new RecordingOutput(), new CellOptions { Name = "setup" })).Error!.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disposed_engine_refuses_cells()
    {
        var engine = new CellEngine();
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RunAsync("1", new RecordingOutput()));
    }

    [Fact]
    public async Task Warming_up_leaves_nothing_behind()
    {
        using var engine = new CellEngine();
        await engine.WarmUpAsync();
        Assert.Empty(engine.Variables);
        Assert.StartsWith("Cell 1,", (await engine.RunAsync("x", new RecordingOutput())).Error!.Message, StringComparison.Ordinal);
    }
}

/// <summary>What a host puts into its cells.</summary>
public static class HostThings
{
    public static int Twice(int n) => 2 * n;
}

/// <summary>Variables a host gives its cells.</summary>
public sealed class HostGlobals
{
    public int Seed { get; set; }
}
