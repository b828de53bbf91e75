using System.Diagnostics;
using System.Globalization;
using Mezcla.Experiments.Sweeps;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>Trains the runs of a sweep on this machine, several at once, as a job array would on a cluster: each in a process of its own,
/// so that one that fails or is killed takes no other with it.</summary>
internal static class LocalTasks
{
    /// <summary>This program as a shell calls it: mezcla if it is installed, or the host with the program's file.</summary>
    public static string ShellCommand
    {
        get
        {
            var (program, first) = Self();
            return Path.GetFileNameWithoutExtension(program) == "mezcla" ? "mezcla"
                : string.Join(' ', first.Prepend(program).Select(part => $"'{part.Replace("'", "'\\''")}'"));
        }
    }

    /// <summary>Trains all runs that are not done. One that fails is tried again as often as a job array tries.</summary>
    /// <param name="console">Where to print.</param>
    /// <param name="sweep">The sweep.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="arguments">Arguments of <c>mezcla scaling sweep</c> that make the plan.</param>
    /// <param name="atOnce">The number of processes.</param>
    /// <param name="cancellation">Ends the processes.</param>
    public static void Run(IAnsiConsole console, Sweep sweep, IReadOnlyList<SweepRun> plan, IReadOnlyList<string> arguments, int atOnce,
        CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, SweepRecord> done = sweep.Done();
        int[] left = [.. Enumerable.Range(0, plan.Count).Where(i => !done.ContainsKey(plan[i].Key))];
        var threads = Math.Max(1, Environment.ProcessorCount / atOnce);
        console.WriteLine($"{left.Length} trainings to do, {atOnce} at once with {threads} threads each.");
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation };
        try
        {
            Parallel.ForEach(left, options, task =>
            {
                for (var attempt = 0; attempt <= SlurmScript.MostRestarts && !cancellation.IsCancellationRequested; attempt++)
                {
                    var code = RunOne([.. arguments, "--task", task.ToString(CultureInfo.InvariantCulture)], sweep.LogOfTask(task), threads,
                        cancellation);
                    lock (console)
                        console.WriteLine($"task {task}, {plan[task].Key}: "
                            + (code == 0 ? "done" : $"ended with {code}, see {sweep.LogOfTask(task)}"));
                    if (code == 0)
                        break;
                }
            });
        }
        catch (OperationCanceledException)
        {
            // The caller sees the cancellation too, and reports it.
        }
    }

    private static int RunOne(IEnumerable<string> arguments, string log, int threads, CancellationToken cancellation)
    {
        var (program, first) = Self();
        var start = new ProcessStartInfo(program, [.. first, "scaling", "sweep", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MEZCLA_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        using var ended = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        File.AppendAllText(log, output + errors.GetAwaiter().GetResult());
        return process.ExitCode;
    }

    private static (string Program, string[] First) Self()
    {
        var own = typeof(LocalTasks).Assembly.Location;
        var program = Environment.ProcessPath ?? "dotnet";
        return Path.GetFileNameWithoutExtension(program) is "mezcla" or "Mezcla.Cli" ? (program, []) : ("dotnet", [own]);
    }
}
