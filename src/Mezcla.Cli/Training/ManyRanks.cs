using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Distributed;
using Spectre.Console;

namespace Mezcla.Cli.Training;

/// <summary>Runs a command in one process, or as one of several that MPI started.</summary>
internal static class ManyRanks
{
    // A failure that all processes have in common is told by the first; the others, which it ends, wait so long for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Runs a command. If a launcher of MPI started this process, MPI is started, only the first process prints, and a failure of one
    /// process ends all, with its message. Otherwise nothing of MPI is loaded.
    /// </summary>
    /// <param name="command">The command; its argument is null in a single process.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Func<MpiSession?, int> command)
    {
        MpiLaunch? launch = null;
        var code = Failures.Report(() =>
        {
            launch = MpiLaunch.Detect();
            return 0;
        });
        return code != 0 ? code : launch is null ? Failures.Report(() => command(null)) : RunAsOneOf(launch, command);
    }

    private static int RunAsOneOf(MpiLaunch launch, Func<MpiSession?, int> command)
    {
        Failures.Teller = $"rank {launch.Rank} of {launch.Count}, on {Environment.MachineName}: ";
        ShareProcessors(launch);
        if (launch.Rank > 0)
        {
            Console.SetOut(TextWriter.Null);
            AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        }

        MpiSession? session = null;
        var code = Failures.Report(() =>
        {
            try
            {
                session = MpiSession.Start(launch);
                return command(session);
            }
            catch when (launch.Rank > 0)
            {
                Thread.Sleep(Patience);
                throw;
            }
        });
        if (session is null)
            return code;
        // 130: all were asked to stop, and stopped together.
        if (code is 0 or 130)
            session.Dispose();
        else
        {
            // The launcher passes on what a process prints only while it lives.
            Thread.Sleep(Patience);
            MpiSession.Abort(code);
        }

        return code;
    }

    // Processes on one machine share its processors, unless the user has said how many threads each shall have.
    private static void ShareProcessors(MpiLaunch launch)
    {
        if (Environment.GetEnvironmentVariable("MEZCLA_THREADS") is { Length: > 0 })
            return;
        var threads = Environment.GetEnvironmentVariable("SLURM_CPUS_PER_TASK")
            ?? (launch.LocalCount < 2 ? null
                : Math.Max(1, Environment.ProcessorCount / launch.LocalCount).ToString(CultureInfo.InvariantCulture));
        Environment.SetEnvironmentVariable("MEZCLA_THREADS", threads);
    }
}
