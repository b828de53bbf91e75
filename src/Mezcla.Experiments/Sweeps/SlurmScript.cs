using System.Globalization;

namespace Mezcla.Experiments.Sweeps;

/// <summary>Writes a batch script with which Slurm trains a sweep on a cluster, as a job array with one task for each training.</summary>
public static class SlurmScript
{
    /// <summary>The script.</summary>
    /// <param name="arguments">Arguments of <c>mezcla scaling sweep</c> that make the plan; the task's number is added.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">The folder in which the tasks run.</param>
    /// <param name="cores">Cores of a task.</param>
    /// <param name="flopsPerSecond">The FLOP/s that one core is assumed to reach. The time limit is twice the time that follows from
    /// it.</param>
    public static string Write(IReadOnlyList<string> arguments, IReadOnlyList<SweepRun> plan, string folder, int cores = 2,
        double flopsPerSecond = 5e9)
    {
        var longest = TimeSpan.FromMinutes(Math.Ceiling(10 + 2 * plan.Max(run => run.Flops) / (flopsPerSecond * cores) / 60));
        var limit = string.Create(CultureInfo.InvariantCulture, $"{(int)longest.TotalHours:00}:{longest.Minutes:00}:00");
        return string.Create(CultureInfo.InvariantCulture, $"""
            #!/bin/bash
            # {plan.Count} trainings of a scaling sweep, one for each task. Submit it with: sbatch THIS-FILE
            # When all tasks are done, run the command below once more without --task: it gathers their results into one file.
            #SBATCH --job-name=mezcla-sweep
            #SBATCH --array=0-{plan.Count - 1}
            #SBATCH --cpus-per-task={cores}
            #SBATCH --mem=4G
            #SBATCH --time={limit}
            #SBATCH --output=mezcla-sweep-%A_%a.log
            set -eu
            cd {Quote(folder)}
            export MEZCLA_THREADS="$SLURM_CPUS_PER_TASK"
            mezcla scaling sweep {string.Join(' ', arguments.Select(Quote))} --task "$SLURM_ARRAY_TASK_ID"

            """).ReplaceLineEndings("\n");
    }

    // A shell does not interpret anything inside single quotes.
    private static string Quote(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=+,:".Contains(c))
        ? text : "'" + text.Replace("'", "'\\''") + "'";
}
