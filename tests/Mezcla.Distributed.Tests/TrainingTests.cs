using System.Text.Json.Nodes;
using Mezcla.Scaling.Calculators;
using Mezcla.Tests;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Distributed.Tests;

/// <summary>Several processes train the model that one process trains.</summary>
public sealed class TrainingTests : IDisposable
{
    private readonly Launcher _mpi = new();

    public void Dispose() => _mpi.Dispose();

    [Fact]
    public void Two_and_four_processes_give_the_losses_of_one_and_the_same_bits_again()
    {
        _ = Launcher.Mpiexec;
        var one = _mpi.Train(0, "one", 100, "--evaluate-every", "50");
        var two = _mpi.Train(2, "two", 100, "--evaluate-every", "50");
        Same(one, two, 1e-5);
        Same(one, _mpi.Train(4, "four", 100, "--evaluate-every", "50"), 1e-5);
        Same(two, _mpi.Train(2, "again", 100, "--evaluate-every", "50"), 0);
    }

    [Fact]
    public void Experts_spread_over_processes_compute_what_they_compute_in_one()
    {
        _ = Launcher.Mpiexec;
        var one = _mpi.Train(0, "one", 24, "--experts", "4");
        Same(one, _mpi.Train(2, "data", 24, "--experts", "4"), 1e-5);
        var spread = _mpi.Train(4, "spread", 24, "--experts", "4", "--expert-parallel", "2");
        Same(one, spread, 1e-5);
        Assert.All(spread, step => Assert.InRange((double)step["traffic"]!["imbalance"]!, 1, 2));
    }

    [Fact]
    public void All_stop_when_one_is_asked_to_and_their_checkpoint_is_continued_by_one_and_by_four()
    {
        string[] experts = ["--experts", "4", "--evaluate-every", "0"];
        var (launcher, ranks) = _mpi.Start("half", 30, 60, [.. experts, "--expert-parallel", "2"]);
        using (launcher)
        {
            // SIGTERM, which a scheduler sends before it kills.
            Assert.Equal(0, Programs.Run("kill", ["-TERM", $"{ranks[1].Id}"], _mpi.Folder, new Dictionary<string, string>()).Code);
            Assert.True(launcher.WaitForExit(TimeSpan.FromMinutes(1)));
            Assert.Contains("To continue: mpiexec -n 2 mezcla train", launcher.StandardOutput.ReadToEnd());
        }

        var whole = _mpi.Train(0, "whole", 60, experts);
        var half = Path.Combine(_mpi.Folder, "half.safetensors");
        Assert.InRange(ModelCheckpoint.Load(half).Training!.Step, 30, 59);
        foreach (var processes in (int[])[0, 4])
        {
            string[] spread = processes == 0 ? [] : ["--expert-parallel", "4"];
            var (code, log) = _mpi.Run(processes, ["train", "--data", "text.txt", "--resume", "half.safetensors", "-o", "end.safetensors",
                "--record", $"end{processes}.jsonl", "--device", "cpu", .. spread]);
            Assert.True(code == 0, log);
            var rest = _mpi.Steps($"end{processes}");
            Same(whole[^rest.Length..], rest, 1e-5);
        }
    }

    [Fact]
    public void Bytes_are_those_of_the_formula()
    {
        _ = Launcher.Mpiexec;
        // Besides gradients a step exchanges a few numbers, as many for each model.
        var (small, large) = (_mpi.Train(2, "small", 3), _mpi.Train(2, "large", 3, "--layers", "3"));
        long Parameters(string name) => ModelCheckpoint.Load(Path.Combine(_mpi.Folder, name + ".safetensors")).Model.CountParameters();
        var expected = MpiGroup.BytesOfSum(Parameters("large") - Parameters("small"), 2);
        Assert.Equal(expected, Bytes(large[1]) - Bytes(small[1]));
        Assert.InRange(Bytes(small[1]) - MpiGroup.BytesOfSum(Parameters("small"), 2), 1, 500);
        Assert.Equal(TrafficCount.Gradients(Parameters("small"), 2) * 2, MpiGroup.BytesOfSum(Parameters("small"), 2));
    }

    [Fact]
    public void Two_hosts_train_what_one_trains_and_the_bytes_cross_their_cable()
    {
        var launcher = Launcher.Mpiexec;
        using var hosts = TwoHosts.Create(_mpi.Folder);
        // Gradients of more than a megabyte, so in several buckets, and experts.
        string[] shape = ["--hidden", "96", "--experts", "4", "--evaluate-every", "0"];
        var one = _mpi.Train(0, "one", 20, shape);
        foreach (var experts in (string[][])[[], ["--expert-parallel", "2"]])
        {
            var before = hosts.Crossed();
            var (code, log) = hosts.Run(launcher, ["dotnet", Launcher.Command, .. Launcher.Training("hosts", 20, [.. shape, .. experts])]);
            Assert.True(code == 0, log);
            var two = _mpi.Steps("hosts");
            Same(one, two, 1e-5);
            // What was counted, the headers of packets, what the launcher says, and at the end the experts and their moments for the
            // checkpoint.
            Assert.InRange(hosts.Crossed() - before, two.Sum(Bytes), 1.2 * two.Sum(Bytes) + (experts.Length == 0 ? 500_000 : 4_500_000));
        }
    }

    private static long Bytes(JsonObject step) => (long)step["traffic"]!["bytes"]!;

    private static void Same(JsonObject[] expected, JsonObject[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            foreach (var name in (string[])["loss", "cross_entropy", "validation_loss"])
                Assert.Equal((double?)expected[i][name] ?? 0, (double?)actual[i][name] ?? 0, tolerance);
    }
}
