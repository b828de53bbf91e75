using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Datasets;
using Mezcla.Experiments.Laboratory;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla experiment</c>: runs, shows and repeats the named experiments on Mixtures of Experts.</summary>
internal static class ExperimentCommand
{
    public static Command Create()
    {
        var name =
            new Argument<string>("NAME") { Description = "The experiment: " + string.Join(", ", Experiment.All.Select(e => e.Name)) };
        Option<FileInfo?> output = new("--output",
            "-o")
        {
            Description = "The file of results, with a JSON line for each training. Trainings that it already contains are not " +
                    "repeated. [default: NAME.jsonl]"
        };
        Option<string?> arm =
            new(
                "--arm")
            {
                Description =
                        "Only the arms whose names contain this text. [default: all; for replay, the arm that the others are compared with]"
            };
        Option<int> seeds = NumberOption.Create("--seeds", "Train with only this many seeds, from the first; 0 for all.", 0, least: 0);
        Option<FileInfo?> file = new("--file") { Description = "The file of records. [default: the one that comes with Mezcla]" };
        Option<ulong> seed = new("--seed") { Description = "The seed of the run to repeat.", DefaultValueFactory = _ => 1 };

        var list = new Command("list", "List the experiments and their questions.");
        list.SetAction(_ => Failures.Report(() => List(Console.Out)));
        var run = new Command("run",
            "Train the runs of an experiment and record each. You can stop at any time: the next start continues.")
            {
                name,
                output,
                arm,
                seeds
            };
        run.SetAction((parse, cancellation) => Task.FromResult(Failures.Report(() =>
            Run(Console.Out, parse.GetValue(name)!, parse.GetValue(output)?.FullName, parse.GetValue(arm), parse.GetValue(seeds),
                cancellation))));
        var show = new Command("show", "Show the recorded results of an experiment.") { name, file };
        show.SetAction(parse => Failures.Report(() => Show(Console.Out, parse.GetValue(name)!, parse.GetValue(file)?.FullName)));
        var replay = new Command("replay",
            "Train a recorded run again and report the first step that differs. Exit code 0: every bit is the same; 2: something " +
                "differs.") { name, file, arm, seed };
        replay.SetAction((parse, cancellation) => Task.FromResult(Failures.Report(() =>
            Replay(Console.Out, parse.GetValue(name)!, parse.GetValue(file)?.FullName, parse.GetValue(arm), parse.GetValue(seed),
                cancellation))));
        return new("experiment", "Run, show and repeat the course's experiments on Mixtures of Experts.") { list, run, show, replay };
    }

    internal static int List(TextWriter output)
    {
        foreach (Experiment experiment in Experiment.All)
        {
            IReadOnlyList<ExperimentRun> runs = experiment.Runs;
            var recorded = RecordPath(experiment.Name, null) is { } path && File.Exists(path)
                ? $", {ExperimentRecord.Read(path).Count} recorded" : "";
            output.WriteLine($"{experiment.Name,-18}{experiment.Question}");
            output.WriteLine($"{"",-18}{runs.Select(r => r.Arm).Distinct().Count()} arms, {runs.Count} trainings{recorded}");
        }

        return 0;
    }

    internal static int Run(TextWriter output, string name, string? path, string? arm, int seeds, CancellationToken cancellation = default)
    {
        var experiment = Experiment.Named(name);
        ExperimentRun[] runs =
            [.. experiment.Runs.Where(r => arm is null || r.Arm.Contains(arm, StringComparison.OrdinalIgnoreCase))
                .Where(r => seeds == 0 || r.Seed <= (ulong)seeds)];
        if (runs.Length == 0)
            throw new ArgumentException(
                $"No arm of '{name}' has '{arm}' in its name. The arms are: " +
                    $"{string.Join("; ", experiment.Runs.Select(r => r.Arm).Distinct())}.");
        path = Path.GetFullPath(path ?? name + ".jsonl");
        output.WriteLine(experiment.Question);
        output.WriteLine($"{runs.Length} trainings, results in {path}");
        var runner = new ExperimentRunner(experiment);
        IReadOnlyList<ExperimentRecord> records = runner.Run(path, runs, recorded: record => output.WriteLine(Describe(record)),
            cancellation: cancellation);
        output.WriteLine(new ExperimentReport(experiment, records));
        return cancellation.IsCancellationRequested ? 130 : 0;
    }

    internal static int Show(TextWriter output, string name, string? path)
    {
        output.WriteLine(new ExperimentReport(Experiment.Named(name), Records(name, path)));
        return 0;
    }

    internal static int Replay(TextWriter output, string name, string? path, string? arm, ulong seed,
        CancellationToken cancellation = default)
    {
        var experiment = Experiment.Named(name);
        IReadOnlyList<ExperimentRecord> records = Records(name, path);
        ExperimentRecord[] found =
            [
                .. records.Where(r => r.Run.Seed == seed
                    && (arm is null ? r.Run.Arm == experiment.Reference : r.Run.Arm.Contains(arm, StringComparison.OrdinalIgnoreCase)))];
        if (found.Length == 0)
            throw new ArgumentException(
                $"No recorded run of seed {seed} has this arm. The arms are: " +
                    $"{string.Join("; ", records.Select(r => r.Run.Arm).Distinct())}.");
        var runner = new ExperimentRunner(experiment);
        var same = true;
        foreach (ExperimentRecord recorded in found)
        {
            if (runner.Train(recorded.Run, cancellation: cancellation) is not { } now)
                return 130;
            var difference = now.DataSha256 != recorded.DataSha256 ? 0 : recorded.FirstDifference(now);
            same &= difference is null;
            output.WriteLine(difference switch
            {
                null =>
                    string.Create(CultureInfo.InvariantCulture,
                        $"{recorded.Run.Arm}, seed {seed}: the same to the bit at all {recorded.Points.Count} recorded steps, and the " +
                            $"held-out loss {recorded.Loss:F4} too."),
                0 => $"{recorded.Run.Arm}, seed {seed}: the data is different (its SHA-256 differs), so the runs cannot be compared.",
                int step =>
                    string.Create(CultureInfo.InvariantCulture,
                        $"{recorded.Run.Arm}, seed {seed}: first differs at step {step}; held-out loss {recorded.Loss:F4} " +
                            $"recorded, {now.Loss:F4} now. Another processor may add numbers in another order and round differently."),
            });
        }

        return same ? 0 : 2;
    }

    private static IReadOnlyList<ExperimentRecord> Records(string name, string? path)
    {
        Experiment.Named(name);
        path = RecordPath(name, path);
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"There is no file of records of '{name}' at {path}. To make one: mezcla experiment run {name}");
        return ExperimentRecord.Read(path);
    }

    private static string RecordPath(string name, string? path) => path ?? DatasetFolder.PathOf("runs", name + ".jsonl");

    private static string Describe(ExperimentRecord record) => string.Create(CultureInfo.InvariantCulture,
        $"  {record.Run.Arm}, seed {record.Run.Seed}: {record.Loss:0.0000} nats per token held out, {record.Seconds:0.0} s");
}
