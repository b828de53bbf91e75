namespace Mezcla.Notebooks.Tests;

// The memory of the whole process is what can be asked for, so nothing else may run meanwhile.
[CollectionDefinition(nameof(CellMemoryTests), DisableParallelization = true)]
[Collection(nameof(CellMemoryTests))]
public class CellMemoryTests
{
    [Fact]
    public async Task Each_cell_adds_little_memory_however_many_there_were()
    {
        using var engine = new CellEngine();
        var output = new RecordingOutput();
        long After(int cells)
        {
            for (var i = 0; i < cells; i++)
                Assert.True(
                    engine.RunAsync(FormattableString.Invariant($"var v{i} = {i}; v{i} * 2"), output).GetAwaiter().GetResult().Succeeded);

            return GC.GetTotalMemory(forceFullCollection: true);
        }

        After(20);
        var start = After(1);
        var grown = await Task.Run(() => After(60)) - start;
        Assert.True(grown < 60 * 600_000, $"60 cells added {grown / 1000:N0} kB.");
    }
}
