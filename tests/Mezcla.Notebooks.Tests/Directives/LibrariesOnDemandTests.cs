namespace Mezcla.Notebooks.Tests;

/// <summary>Libraries of the host that cells get once their code mentions them.</summary>
public sealed class LibrariesOnDemandTests
{
    [Fact]
    public async Task Code_that_mentions_a_library_gets_it_with_the_forms_of_its_values()
    {
        var asked = 0;
        using var engine = Engine(() => ++asked);
        Assert.Equal("1", await Run(engine, "1"));
        Assert.Equal(0, asked);
        Assert.Equal("True", await Run(engine,
            "typeof(Mono.Cecil.FieldDefinition).Assembly == System.Reflection.Assembly.Load(\"Mono.Cecil\")"));
        Assert.Equal("version 1.2", await Run(engine, "new Version(1, 2)"));
        Assert.Equal("nop", await Run(engine, "Mono.Cecil.Cil.OpCodes.Nop.ToString()"));
        Assert.Equal(1, asked);
        await Run(engine, "Formatter.Register<Version>(v => \"own\", \"text/plain\"); 0");
        Assert.Equal("own", await Run(engine, "new Version(1, 2)"));
    }

    [Fact]
    public async Task Code_of_another_session_does_not_get_it()
    {
        using var engine = new CellEngine();
        var result = await engine.RunAsync("typeof(Mono.Cecil.FieldDefinition)", NoOutput.Instance);
        Assert.Equal(CellErrorKind.Compilation, result.Error!.Kind);
        Assert.Equal("1.2", await Run(engine, "new Version(1, 2)"));
    }

    [Fact]
    public async Task A_library_that_the_host_was_shipped_without_is_missing_only_where_it_is_used()
    {
        using var engine = new CellEngine(new CellEngineOptions { OnDemand = [new(["Absent"], ["Mezcla.Absent"])] });
        Assert.Equal("Absent", await Run(engine, "\"Absent\""));
    }

    private static CellEngine Engine(Action asked) => new(new CellEngineOptions
    {
        OnDemand =
        [
            new(["Mono.Cecil"], ["Mono.Cecil"], () =>
            {
                asked();
                return [new(typeof(Version), version => new MimeBundle(MimeBundle.PlainText, $"version {version}"))];
            }),
        ],
    });

    private static async Task<string> Run(CellEngine engine, string code)
    {
        var result = await engine.RunAsync(code, NoOutput.Instance);
        Assert.True(result.Error is null, result.Error?.Message);
        return result.Value![MimeBundle.PlainText]!;
    }
}
