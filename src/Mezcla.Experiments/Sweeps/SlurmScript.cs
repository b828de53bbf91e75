using System.Globalization;

namespace Mezcla.Experiments.Sweeps;

/// <summary>Writes a batch script with which Slurm trains a sweep on a cluster, as a job array with one task for each training.</summary>
public static class SlurmScript
{
    /// <summary>The script.</summary>
    /// <param name="arguments">Arguments of <c>mezcla scaling sweep</c> that make the plan; the task's number is added.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">The folder in which the tasks run.</param>
    /// <param name="log">The file of a task's output, with %a for its number.</param>
    /// <param name="left">The numbers of the runs to train; null for all.</param>
    /// <param name="program">The command mezcla as a shell reads it.</param>
    /// <param name="cores">Cores of a task.</param>
    /// <param name="flopsPerSecond">The FLOP/s that one core is assumed to reach. The time limit is twice the time that follows from
    /// it.</param>
    public static string Write(IReadOnlyList<string> arguments, IReadOnlyList<SweepRun> plan, string folder,
        string log = "mezcla-sweep.task-%a.log", IReadOnlyList<int>? left = null, string program = "mezcla", int cores = 2,
        double flopsPerSecond = 5e9)
    {
        left ??= [.. Enumerable.Range(0, plan.Count)];
        const string restarts = "${SLURM_RESTART_COUNT:-0}";
        var command = $"{program} scaling sweep {string.Join(' ', arguments.Select(Quote))}";
        var longest = TimeSpan.FromMinutes(Math.Ceiling(10 + 2 * plan.Max(run => run.Flops) / (flopsPerSecond * cores) / 60));
        var limit = string.Create(CultureInfo.InvariantCulture, $"{(int)longest.TotalHours:00}:{longest.Minutes:00}:00");
        return string.Create(CultureInfo.InvariantCulture, $"""
            #!/bin/bash
            # {left.Count} trainings of a scaling sweep, one for each task. Submit it with: sbatch THIS-FILE
            # To see what became of them: {command} --status
            # When all tasks are done, run the command once more without --status: it gathers their results into one file.
            #SBATCH --job-name=mezcla-sweep
            #SBATCH --array={Ranges(left)}
            #SBATCH --cpus-per-task={cores}
            #SBATCH --mem=4G
            #SBATCH --time={limit}
            #SBATCH --output={Quote(log)}
            #SBATCH --open-mode=append
            #SBATCH --requeue
            set -u
            cd {Quote(folder)} || exit 1
            export MEZCLA_THREADS="$SLURM_CPUS_PER_TASK"
            {command} --task "$SLURM_ARRAY_TASK_ID" && exit 0
            code=$?
            # A task that failed is tried again, {MostRestarts} times at most. What it had trained is lost; other tasks are not touched.
            if [ "{restarts}" -lt {MostRestarts} ]; then
                echo "Task $SLURM_ARRAY_TASK_ID ended with $code: it is tried again."
                scontrol requeue "$SLURM_JOB_ID"
            fi
            exit $code

            """).ReplaceLineEndings("\n");
    }

    /// <summary>How often a task that failed is tried again.</summary>
    public const int MostRestarts = 2;

    /// <summary>Numbers as Slurm writes them: 0-3,5,7-9.</summary>
    internal static string Ranges(IReadOnlyList<int> numbers)
    {
        var ranges = new List<string>();
        for (var i = 0; i < numbers.Count; i++)
        {
            var first = numbers[i];
            while (i + 1 < numbers.Count && numbers[i + 1] == numbers[i] + 1)
                i++;
            ranges.Add(numbers[i] == first ? $"{first}" : $"{first}-{numbers[i]}");
        }

        return string.Join(',', ranges);
    }

    // A shell does not interpret anything inside single quotes.
    internal static string Quote(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=+,:".Contains(c))
        ? text : "'" + text.Replace("'", "'\\''") + "'";
}
