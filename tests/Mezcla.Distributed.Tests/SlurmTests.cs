using System.Diagnostics;
using Mezcla.Tests;

namespace Mezcla.Distributed.Tests;

/// <summary>A sweep on a real Slurm: a controller and one node, which belong to this test alone.</summary>
public sealed class SlurmTests : IDisposable
{
    private readonly Launcher _mezcla = new();
    private readonly List<Process> _daemons = [];

    public void Dispose()
    {
        foreach (var daemon in _daemons)
        {
            daemon.Kill(entireProcessTree: true);
            daemon.WaitForExit();
            daemon.Dispose();
        }

        _mezcla.Dispose();
    }

    [Fact]
    public void A_sweep_is_trained_by_a_job_array_and_a_killed_task_is_queued_again()
    {
        var environment = StartSlurm();
        string[] sweep = ["scaling", "sweep", "--data", "text.txt", "--output", "sweep.jsonl", "--budgets", "3e10", "--largest", "20e3",
            "--sizes", "2", "--context", "16", "--kinds", "dense", "--epochs", "1000"];
        Assert.Equal(0, Mezcla([.. sweep, "--slurm", "job.sh"]).Code);
        Assert.Equal(0, Slurm("sbatch", ["job.sh"]).Code);

        string Sign() => Directory.GetFiles(_mezcla.Folder, "*.task").Select(File.ReadAllText).FirstOrDefault("");
        Until(() => Sign().Contains(", began"), "No task began.");
        var process = Sign().Split("process ")[1].Split(',')[0];
        // Stopped, so that it cannot end before it is killed, however slow this machine is.
        Programs.Run("kill", ["-STOP", process], _mezcla.Folder, environment);
        Assert.Contains("1 running", Mezcla([.. sweep, "--status"]).Log);
        Programs.Run("kill", ["-KILL", process], _mezcla.Folder, environment);
        Until(() => File.ReadAllText(Path.Combine(_mezcla.Folder, "sweep.task-0.log")).Contains("ended with 137: it is tried again."),
            "The killed task was not queued again.");
        Assert.Contains("PENDING", Slurm("squeue", ["--noheader", "--array", "--format", "%T %r"]).Log);

        // The other task does not notice. Slurm lets two minutes pass before it starts a requeued one, so this test does not wait for it.
        Until(() => Mezcla([.. sweep, "--status"]).Log.Contains("1 done"), "The other task did not end.");
        Slurm("scancel", ["--user", Environment.UserName]);
        Assert.Equal(0, Mezcla([.. sweep, "--slurm", "rest.sh"]).Code);
        Assert.Contains("#SBATCH --array=0\n", File.ReadAllText(Path.Combine(_mezcla.Folder, "rest.sh")));
        Assert.Equal(0, Mezcla([.. sweep, "--local", "2"]).Code);
        Assert.Contains("0 failed, 2 done", Mezcla([.. sweep, "--status"]).Log);

        (int Code, string Log) Slurm(string program, string[] arguments) =>
            Programs.Run(program, arguments, _mezcla.Folder, environment);
    }

    private (int Code, string Log) Mezcla(string[] arguments) => _mezcla.Run(0, arguments);

    private static void Until(Func<bool> holds, string otherwise)
    {
        for (var clock = Stopwatch.StartNew(); !holds(); Thread.Sleep(200))
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), otherwise);
    }

    private Dictionary<string, string> StartSlurm()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root"
            || !File.Exists("/usr/sbin/slurmctld") || !File.Exists("/usr/sbin/slurmd") || !File.Exists("/usr/bin/sbatch"))
            Assert.Skip("Slurm is not installed (apt install slurmctld slurmd), or this is not root, who may start it.");
        var (host, folder) = (Environment.MachineName, Path.Combine(_mezcla.Folder, "slurm"));
        var port = 20000 + Environment.ProcessId % 20000;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "slurm.conf"), $"""
            ClusterName=test
            SlurmctldHost={host}
            SlurmUser=root
            AuthType=auth/none
            CredType=cred/none
            StateSaveLocation={folder}
            SlurmdSpoolDir={folder}
            SlurmctldPidFile={folder}/slurmctld.pid
            SlurmdPidFile={folder}/slurmd.pid
            SlurmctldPort={port}
            SlurmdPort={port + 1}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SelectType=select/cons_tres
            ReturnToService=2
            NodeName={host} CPUs=2 RealMemory=8000
            PartitionName=all Nodes={host} Default=YES State=UP

            """);
        var environment = new Dictionary<string, string> { ["SLURM_CONF"] = Path.Combine(folder, "slurm.conf") };
        foreach (var daemon in (string[])["/usr/sbin/slurmctld", "/usr/sbin/slurmd"])
        {
            var start = new ProcessStartInfo(daemon, ["-D"]) { RedirectStandardError = true, RedirectStandardOutput = true };
            start.Environment["SLURM_CONF"] = environment["SLURM_CONF"];
            var process = Process.Start(start)!;
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            _daemons.Add(process);
        }

        Until(() => Programs.Run("sinfo", ["--noheader", "--format", "%T"], folder, environment).Log.Contains("idle"),
            "Slurm did not start.");
        return environment;
    }
}
