namespace Mezcla.Notebooks.Tests;

/// <summary>What a student sees when a cell fails.</summary>
public sealed class ErrorTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task A_compile_error_names_the_place_and_shows_the_line()
    {
        var error = await cells.Error("var a = 1;\nvar b = a + unknownName;", new CellOptions { Number = 20 });
        Assert.Equal((CellErrorKind.Compilation, "CompileError", 2, 13), (error.Kind, error.Name, error.Line, error.Column));
        Assert.Equal("Cell 20, line 2, column 13: error CS0103: The name 'unknownName' does not exist in the current context",
            error.Message);
        Assert.Contains("\e[", error.Traceback[0]);
        var plain = Plain(error);
        Assert.Equal("    2 | var b = a + unknownName;", plain[1]);
        Assert.Equal("      |             ^^^^^^^^^^^", plain[2]);
    }

    [Fact]
    public async Task An_exception_shows_the_users_frames_with_line_and_column_and_none_of_the_engines()
    {
        await cells.Run(
            "int Divide(int a, int b)\n{\n    return a / b;\n}\nvoid Middle()\n{\n    var all = new[] { 1, 0 }.Select(k => Divide(10, " +
                "k)).ToList();\n}", new CellOptions { Number = 30 });
        var error = await cells.Error("var one = 1;\nMiddle();", new CellOptions { Number = 31 });
        Assert.Equal(("System.DivideByZeroException", "Attempted to divide by zero."), (error.Name, error.Message));
        Assert.Equal((2, 1), (error.Line, error.Column));
        var plain = Plain(error);
        Assert.Equal("System.DivideByZeroException: Attempted to divide by zero.", plain[0]);
        Assert.Equal("    3 |     return a / b;", plain[1]);
        Assert.Contains("   at Divide(int a, int b) in Cell 30, line 3", plain);
        Assert.Contains("   at lambda in Middle in Cell 30, line 7", plain);
        Assert.Contains("   at Middle() in Cell 30, line 7", plain);
        Assert.Equal("   at Cell 31, line 2", plain[^1]);
        Assert.DoesNotContain(plain,
            line => line.Contains("Mezcla.Notebooks", StringComparison.Ordinal) || line.Contains("MoveNext", StringComparison.Ordinal)
                || line.Contains("<Factory>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("async Task<int> Later(int n) { await Task.Delay(1); return 10 / n; }\nawait Later(0)", "Later(…)", 1)]
    [InlineData("IEnumerable<int> Items(int n)\n{\n    yield return 10 / n;\n}\nItems(0).ToList()", "Items(…)", 3)]
    [InlineData("class Ratio\n{\n    public int Zero => 0;\n    public int Value => 1 / Zero;\n}\nnew Ratio().Value", "Ratio.get_Value()",
        4)]
    [InlineData("class Maker\n{\n    public Maker(int n) { var x = 1 / n; }\n}\nnew Maker(0)", "new Maker(int n)", 3)]
    [InlineData("T Pick<T>(List<T> all, int i)\n    => all[i];\nPick(new List<int>(), 4)", "Pick<T>(List<T> all, int i)", 2)]
    [InlineData("void Outer()\n{\n    void Inner(int n) { var x = 1 / n; }\n    Inner(0);\n}\nOuter();", "Inner(int n)", 3)]
    public async Task Methods_have_the_names_of_the_source(string code, string name, int line)
    {
        var error = await cells.Error(code, new CellOptions { Name = "here" });
        Assert.Contains(Plain(error), text => text == $"   at {name} in here, line {line}");
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public async Task Causes_follow_the_exception()
    {
        var plain =
            Plain(
                await cells.Error(
                    "throw new InvalidOperationException(\"outer\", new ArgumentException(\"inner\", new Exception(\"innermost\")));"));
        Assert.Equal("System.InvalidOperationException: outer", plain[0]);
        Assert.Contains(" ---> System.ArgumentException: inner", plain);
        Assert.Contains(" ---> System.Exception: innermost", plain);
    }

    [Fact]
    public async Task Several_failures_of_tasks_are_all_told()
    {
        var plain =
            Plain(
                await cells.Error(
                    "Task.WaitAll(Task.Run(() => throw new Exception(\"first\")), Task.Run(() => throw new Exception(\"second\")));"));
        Assert.Contains(plain, line => line.EndsWith("first", StringComparison.Ordinal));
        Assert.Contains(plain, line => line.EndsWith("second", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exception_that_fails_to_describe_itself_is_survived()
    {
        var error = await cells.Error(
            "class Rude : Exception { public override string Message => throw new Exception(\"no words\"); }\nthrow new Rude();");
        Assert.Equal("Rude", error.Name);
        Assert.Equal(2, await cells.Value("1 + 1"));
    }

    [Fact]
    public async Task A_method_that_calls_itself_is_told_once_with_a_count()
    {
        var plain =
            Plain(await cells.Error("int Fall(int n) => n > 1000 ? throw new Exception(\"ground\") : Fall(n + 1);\nFall(0)",
                new CellOptions { Name = "here" }));
        Assert.Contains("   … the same 1,001 more times", plain);
        Assert.True(plain.Count < 10);
    }

    [Theory]
    [InlineData("var counter = 1; conuter + 1", "did you mean counter?")]
    [InlineData("\"abc\".Lenght", "did you mean Length?")]
    [InlineData("Consol.WriteLine(1)", "did you mean Console?")]
    [InlineData("JsonNode.Parse(\"1\")", "add using System.Text.Json.Nodes;")]
    [InlineData("System.Timers.Timer.ActiveCount", "did you mean System.Threading.Timer.ActiveCount? Timer is System.Timers.Timer here.")]
    [InlineData("Kernel root = null;", "using Microsoft.DotNet.Interactive;")]
    [InlineData("PocketView view = null;", "add using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;")]
    [InlineData("Microsoft.DotNet.Interactive.Formatting.PlainTextFormatter.MimeType", "for PocketView, add using static")]
    [InlineData("using Microsoft.DotNet.Interactive;\nnew CSharpKernel()", "gives the one that runs this cell")]
    [InlineData("Span<int> s = stackalloc int[3];", "can't be variables of a cell")]
    public async Task Errors_say_what_to_do_where_it_is_known(string code, string hint) =>
        Assert.Contains(Plain(await cells.Error(code)),
            line => line.StartsWith("hint: ", StringComparison.Ordinal) && line.Contains(hint, StringComparison.Ordinal));

    [Fact]
    public async Task Many_errors_are_cut_with_a_count()
    {
        var plain = Plain(await cells.Error(string.Join('\n', Enumerable.Range(0, 20).Select(i => $"var r{i} = absent{i}xyz;"))));
        Assert.Contains("… and 12 more errors", plain);
    }

    [Theory]
    [InlineData("if (true {")]
    [InlineData("}")]
    [InlineData("\"open")]
    [InlineData("/* open")]
    [InlineData("class { }")]
    [InlineData("namespace")]
    [InlineData("#if X")]
    [InlineData("\0\u0001")]
    [InlineData("@@@ %% !")]
    [InlineData("int x = ; class Y { int z = } extension(")]
    public async Task Nonsense_is_a_compile_error(string code) =>
        Assert.Equal(CellErrorKind.Compilation, (await cells.Error(code)).Kind);

    [FsCheck.Xunit.Property(MaxTest = 60)]
    public bool Any_text_at_all_gives_a_result(string? text)
    {
        // Exclude what would run something: only the parser, the splitter and the reports are of interest.
        var code = "int broken = ;" + text;
        var result = cells.Engine.RunAsync(code, new RecordingOutput()).GetAwaiter().GetResult();
        return result.Error is not null;
    }

    private static List<string> Plain(CellError error) => [.. error.Traceback.Select(Ansi.Strip)];
}
