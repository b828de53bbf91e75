namespace Mezcla.Notebooks.Tests;

public sealed class CellTests : IDisposable
{
    private readonly CellEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task A_cell_sees_what_earlier_cells_declared()
    {
        var output = new RecordingOutput();
        Assert.Null((await _engine.RunAsync("int x = 20; Console.WriteLine(\"set\");", output)).Value);
        var result = await _engine.RunAsync("x + 22", output);
        Assert.Null(result.Error);
        Assert.Equal(42, result.ReturnValue);
        Assert.Equal("42", result.Value![MimeBundle.PlainText]);
        Assert.Equal("set\n", output.Out);
    }

    [Fact]
    public async Task Variables_set_before_an_exception_live()
    {
        var output = new RecordingOutput();
        var failed = await _engine.RunAsync("var before = 3;\nthrow new InvalidOperationException(\"no\");", output);
        Assert.Equal("System.InvalidOperationException", failed.Error!.Name);
        Assert.Equal(3, (await _engine.RunAsync("before", output)).ReturnValue);
    }

    [Fact]
    public async Task A_compile_error_has_the_cells_line_and_column()
    {
        var result = await _engine.RunAsync("var a = 1;\nvar b = a + nothing;", new RecordingOutput());
        Assert.Equal(CellErrorKind.Compilation, result.Error!.Kind);
        Assert.Equal((2, 13), (result.Error.Line, result.Error.Column));
    }
}
