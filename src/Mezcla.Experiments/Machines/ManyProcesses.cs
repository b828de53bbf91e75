using System.Diagnostics;
using Mezcla.Experiments.Records;

namespace Mezcla.Experiments.Machines;

/// <summary>
/// Starts <c>mezcla train</c> in several processes with MPI's own launcher, for a notebook, whose own process is not one of them.
/// </summary>
public static class ManyProcesses
{
    // Where Open MPI is installed too, mpiexec may be its launcher, which the command refuses with a message.
    private static readonly string[] Launchers = OperatingSystem.IsWindows()
        ? ["mpiexec.exe"]
        : ["mpiexec.mpich", "mpiexec.hydra", "mpiexec"];

    /// <summary>Trains in processes of one thread each.</summary>
    /// <param name="processes">Their number; with 1 no launcher is needed.</param>
    /// <param name="arguments">The options of <c>mezcla train</c>, without those for files to write.</param>
    /// <returns>The record of the training, or what is missing here.</returns>
    public static ManyProcessesResult Train(int processes, params string[] arguments) =>
        Train(processes, arguments, Environment.GetEnvironmentVariable("PATH") ?? "", TimeSpan.FromMinutes(2));

    internal static ManyProcessesResult Train(int processes, string[] arguments, string path, TimeSpan limit)
    {
        if (Command(path) is not { } command)
            return new(null, "The program mezcla was not found: dotnet build -c Release src/Mezcla.Cli builds it.");
        if (processes > 1 && Find(Launchers, path) is null)
            return new(null, "mpiexec is not installed here (on Debian and Ubuntu: apt install mpich).");
        var folder = Directory.CreateTempSubdirectory("mezcla-processes").FullName;
        try
        {
            var record = Path.Combine(folder, "record.jsonl");
            string[] launcher = processes > 1 ? [Find(Launchers, path)!, "-n", $"{processes}"] : [];
            string[] line = [.. launcher, .. command, "train", .. arguments, "--record", record, "-o",
                Path.Combine(folder, "model.safetensors")];
            var (code, log) = Run(line, limit);
            return code == 0 && File.Exists(record) ? new(RunRecord.Read(record), log) : new(null, log);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The program that runs this notebook, one built in the checkout that the notebook is in, or an installed tool.
    private static string[]? Command(string path)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll");
        if (File.Exists(beside))
            return ["dotnet", beside];
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            var built = Path.Combine(folder.FullName, "src", "Mezcla.Cli", "bin", "Release", "net10.0", "Mezcla.Cli.dll");
            if (File.Exists(built))
                return ["dotnet", built];
        }

        return Find([OperatingSystem.IsWindows() ? "mezcla.exe" : "mezcla"], path) is { } tool ? [tool] : null;
    }

    private static string? Find(string[] names, string path) => names.SelectMany(name => path.Split(Path.PathSeparator)
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    private static (int Code, string Log) Run(string[] line, TimeSpan limit)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MEZCLA_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"The training did not end within {limit.TotalMinutes:0} minutes.");
        }

        return (process.ExitCode, $"{output.Result}\n{error.Result}".Trim());
    }
}

/// <summary>A training by several processes, or why there is none.</summary>
/// <param name="Record">The record; null if the processes could not be started or failed.</param>
/// <param name="Log">What the processes wrote, or what is missing.</param>
public sealed record ManyProcessesResult(RunRecord? Record, string Log);
