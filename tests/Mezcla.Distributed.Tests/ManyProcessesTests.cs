using Mezcla.Experiments.Machines;

namespace Mezcla.Distributed.Tests;

/// <summary>Processes that a notebook starts.</summary>
public sealed class ManyProcessesTests : IDisposable
{
    private readonly Launcher _mpi = new();

    public void Dispose() => _mpi.Dispose();

    [Fact]
    public void A_notebook_gets_the_record_of_two_processes_with_what_each_did()
    {
        _ = Launcher.Mpiexec;
        var (record, log) = ManyProcesses.Train(2, Small("--expert-parallel", "2"));
        Assert.True(record is not null, log);
        Assert.Equal(2, record.Processes);
        // The last step also evaluates, and the experts compute held-out text.
        Assert.All(record.Steps.SkipLast(1), step =>
        {
            var traffic = step.Traffic!;
            Assert.Equal(2, traffic.Waited!.Count);
            // 8 sequences of 16 tokens, two experts for each, in one layer.
            Assert.Equal(8 * 16 * 2, traffic.Rows!.Sum());
            Assert.InRange(traffic.ExpertBytes!.Value, 1, traffic.Bytes - 1);
        });
    }

    [Fact]
    public void What_is_missing_is_said()
    {
        var (record, log) = ManyProcesses.Train(1, "--no-such-option");
        Assert.Null(record);
        Assert.Contains("--no-such-option", log);
    }

    private string[] Small(params string[] more) => [.. Launcher.Training("", 4).Skip(1).Chunk(2)
        .Where(option => option[0] is not "-o" and not "--record" and not "--data").SelectMany(option => option),
        "--data", Path.Combine(_mpi.Folder, "text.txt"), "--experts", "4", "--evaluate-every", "0", .. more];
}
