namespace Mezcla.Notebooks.Tests;

/// <summary>One engine for the tests of a class, so that the compiler loads its references once.</summary>
public sealed class EngineFixture : IDisposable
{
    public CellEngine Engine { get; } = new();

    public void Dispose() => Engine.Dispose();

    internal async Task<(CellResult Result, RecordingOutput Output)> Run(string code, CellOptions? options = null)
    {
        var output = new RecordingOutput();
        return (await Engine.RunAsync(code, output, options), output);
    }

    /// <summary>Runs a cell that must succeed and gives its value.</summary>
    internal async Task<object?> Value(string code)
    {
        var (result, _) = await Run(code);
        Assert.True(result.Error is null, string.Join('\n', result.Error?.Traceback ?? []));
        return result.ReturnValue;
    }

    /// <summary>Runs a cell that must fail.</summary>
    internal async Task<CellError> Error(string code, CellOptions? options = null)
    {
        var (result, _) = await Run(code, options);
        Assert.NotNull(result.Error);
        return result.Error;
    }
}
