namespace Mezcla.Distributed.Tests;

/// <summary>What ends one process ends all, and the user is told why.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly Launcher _mpi = new();

    public void Dispose() => _mpi.Dispose();

    [Fact]
    public void A_full_disk_on_the_process_that_writes_ends_all_with_its_message()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here, the file of a full disk.");
        _ = Launcher.Mpiexec;
        var (code, log) = _mpi.Run(2, Launcher.Training("full", 2000, "--record", "/dev/full"));
        Assert.NotEqual(0, code);
        Assert.Contains("rank 0 of 2, on ", log);
        Assert.Contains("No space left on device", log);
    }

    [Fact]
    public void An_error_of_one_process_ends_all_with_its_message()
    {
        var (code, log) = Two(Launcher.Command, Launcher.Training("a", 2000), Launcher.Command,
            Launcher.Training("b", 2000, "--data", "absent.txt"));
        Assert.NotEqual(0, code);
        Assert.Contains("rank 1 of 2, on ", log);
        Assert.Contains("There is no file 'absent.txt'", log);
    }

    [Fact]
    public void Different_trainings_and_different_builds_are_refused()
    {
        var (code, log) = Two(Launcher.Command, Launcher.Training("a", 2000), Launcher.Command, Launcher.Training("b", 1000));
        Assert.NotEqual(0, code);
        Assert.Contains("Rank 1 has another training than rank 0", log);

        var other = Path.Combine(_mpi.Folder, "other");
        Directory.CreateDirectory(other);
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Concat(
            Directory.GetFiles(AppContext.BaseDirectory, "Mezcla.Cli.*json")))
            File.CreateSymbolicLink(Path.Combine(other, Path.GetFileName(file)), file);
        var changed = Path.Combine(other, "Mezcla.Scaling.dll");
        File.Delete(changed);
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Mezcla.Scaling.dll"));
        var identity = typeof(Scaling.Calculators.ParameterCount).Module.ModuleVersionId.ToByteArray();
        bytes[bytes.AsSpan().IndexOf(identity)] ^= 1;
        File.WriteAllBytes(changed, bytes);
        // The runtime looks beside the real file of the program, so this one is a copy.
        var program = Path.Combine(other, "Mezcla.Cli.dll");
        File.Delete(program);
        File.Copy(Launcher.Command, program);

        (code, log) = Two(Launcher.Command, Launcher.Training("a", 2000), program,
            Launcher.Training("a", 2000));
        Assert.NotEqual(0, code);
        Assert.Contains("Rank 1 has another build of Mezcla than rank 0", log);
    }

    [Fact]
    public void A_killed_process_ends_all()
    {
        var (launcher, ranks) = _mpi.Start("killed", 3, 1_000_000);
        using (launcher)
        {
            ranks[1].Kill();
            Assert.True(launcher.WaitForExit(TimeSpan.FromMinutes(1)));
            Assert.NotEqual(0, launcher.ExitCode);
            Assert.Contains("BAD TERMINATION", launcher.StandardError.ReadToEnd() + launcher.StandardOutput.ReadToEnd());
            Assert.True(ranks[0].WaitForExit(TimeSpan.FromSeconds(20)));
        }
    }

    [Fact]
    public void Without_a_launcher_nothing_of_MPI_is_loaded_and_experts_stay()
    {
        var (code, log) = _mpi.Run(0, Launcher.Training("alone", 2, "--expert-parallel", "2", "--experts", "4"));
        Assert.NotEqual(0, code);
        Assert.Contains("--expert-parallel 2 needs that many processes: mpiexec -n 2 mezcla train", log);
        Assert.Null(MpiLaunch.Detect(_ => null));
    }

    [Fact]
    public void The_launcher_is_known_by_its_variables()
    {
        MpiLaunch? Of(params (string Name, string Value)[] variables) =>
            MpiLaunch.Detect(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
        Assert.Equal(new(1, 4, 1, 2), Of(("PMI_RANK", "1"), ("PMI_SIZE", "4"), ("MPI_LOCALRANKID", "1"), ("MPI_LOCALNRANKS", "2")));
        Assert.Equal(new(5, 8, 1, 0), Of(("PMI_RANK", "5"), ("PMI_SIZE", "8"), ("SLURM_LOCALID", "1")));
        Assert.Null(Of(("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "1")));
        Assert.Contains("--mpi=pmi2", Assert.Throws<NotSupportedException>(
            () => Of(("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "2"))).Message);
        Assert.Contains("mpiexec.mpich", Assert.Throws<NotSupportedException>(
            () => Of(("OMPI_COMM_WORLD_SIZE", "2"))).Message);
    }

    private (int Code, string Log) Two(string first, string[] arguments, string second, string[] others) => Mezcla.Tests.Programs.Run(
        Launcher.Mpiexec, ["-n", "1", "dotnet", first, .. arguments, ":", "-n", "1", "dotnet", second, .. others], _mpi.Folder,
        new Dictionary<string, string> { ["MEZCLA_THREADS"] = "1" });
}
