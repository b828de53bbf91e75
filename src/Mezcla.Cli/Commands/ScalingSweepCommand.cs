using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Experiments.Sweeps;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla scaling sweep</c>: trains many small models, to fit scaling laws to them.</summary>
internal static class ScalingSweepCommand
{
    private static readonly SweepOptions Defaults = new();
    private static readonly Option<FileInfo> Output = new("--output",
        "-o")
    {
        Description = "The file of results, with a JSON line for each training. Trainings that it already contains are not repeated.",
        DefaultValueFactory = _ => new FileInfo("sweep.jsonl")
    };
    private static readonly Option<string[]> Data =
        new("--data")
        {
            Description = "The texts to train on: text files, or corpora that come with Mezcla.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [.. SweepData.DefaultCorpora]
        };
    private static readonly Option<double> Smallest = new("--smallest")
    {
        Description = "Active parameters of the smallest model.",
        DefaultValueFactory = _ => Defaults.Smallest
    };
    private static readonly Option<double> Largest = new("--largest")
    {
        Description = "Active parameters of the largest model.",
        DefaultValueFactory = _ => Defaults.Largest
    };
    private static readonly Option<int> Sizes = new("--sizes")
    {
        Description = "Number of model sizes, from the smallest to the largest.",
        DefaultValueFactory = _ => Defaults.Sizes
    };
    private static readonly Option<double[]> Budgets = new("--budgets")
    {
        Description = "Training compute of each isoFLOP curve, in FLOPs.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. Defaults.Budgets]
    };
    private static readonly Option<int> SizesPerBudget =
        new("--sizes-per-budget")
        {
            Description = "Number of model sizes to train at each budget.",
            DefaultValueFactory = _ => Defaults.SizesPerBudget
        };
    private static readonly Option<string> ModelKinds =
        new("--kinds")
        {
            Description = "The kinds of model to train: dense, moe (Mixture of Experts) or both.",
            DefaultValueFactory = _ => "both"
        };
    private static readonly Option<int> Experts =
        new(
            "--experts")
        {
            Description = "Number of experts of a Mixture of Experts. Two of them compute each token, and each is half as wide as " +
                    "the dense network.",
            DefaultValueFactory = _ => Defaults.Experts
        };
    private static readonly Option<double> Epochs =
        new("--epochs")
        {
            Description = "The most times that a training may read the whole text.",
            DefaultValueFactory = _ => Defaults.MostEpochs
        };
    private static readonly Option<int> Context =
        new("--context")
        {
            Description = "Length of a sequence, in tokens; a token is one byte here.",
            DefaultValueFactory = _ => Defaults.Context
        };
    private static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "Seed of the random numbers for weights and batches.",
        DefaultValueFactory = _ => Defaults.Seed
    };
    private static readonly Option<DirectoryInfo?> StepsFolder =
        new("--steps") { Description = "Folder to record every step of every training in. [default: steps are not recorded]" };
    private static readonly Option<bool> Plan = new("--plan") { Description = "Show what would be trained, without training." };
    private static readonly Option<FileInfo?> Slurm =
        new("--slurm")
        {
            Description = "Write a Slurm job array of all trainings that are not done to this file, without training. A task that fails " +
                "is queued again, twice at most."
        };
    private static readonly Option<bool> Status = new("--status")
    {
        Description = "Show which trainings are done, running, failed (with their logs) and waiting, without training. Exit code 2: one " +
            "failed."
    };
    private static readonly Option<int> Local = NumberOption.Create("--local",
        "Train so many runs at once on this machine, each in a process of its own with its share of the processors; 0 for one after the " +
            "other in this process.", 0, least: 0);
    private static readonly Option<int?> Task =
        new(
            "--task")
        {
            Description =
                    "Train only the run with this number in the plan, counted from 0, and write it to a file of its own. For job arrays."
        };

    public static Command Create()
    {
        var command = new Command("sweep",
            "Train a grid of small models, dense and with experts, and record the results, which scaling laws can be fitted to.")
        {
            Output, Data, Smallest, Largest, Sizes, Budgets, SizesPerBudget, ModelKinds, Experts, Epochs, Context, Seed, StepsFolder, Plan,
            Slurm, Status, Local, Task,
        };
        command.SetAction(
            (parse, cancellation) =>
                System.Threading.Tasks.Task.FromResult(Failures.Report(() => Run(AnsiConsole.Console, parse, cancellation))));
        return command;
    }

    private static int Run(IAnsiConsole console, ParseResult parse, CancellationToken cancellation)
    {
        var kinds = parse.GetValue(ModelKinds)!.ToLowerInvariant();
        if (kinds is not ("dense" or "moe" or "both"))
            throw new ArgumentException($"--kinds is '{kinds}'; it must be dense, moe or both.");
        var options = new SweepOptions
        {
            Smallest = parse.GetValue(Smallest),
            Largest = parse.GetValue(Largest),
            Sizes = parse.GetValue(Sizes),
            Budgets = parse.GetValue(Budgets)!,
            SizesPerBudget = parse.GetValue(SizesPerBudget),
            Dense = kinds != "moe",
            Mixture = kinds != "dense",
            Experts = parse.GetValue(Experts),
            MostEpochs = parse.GetValue(Epochs),
            Context = parse.GetValue(Context),
            Seed = parse.GetValue(Seed),
        };
        var data = SweepData.Read(parse.GetValue(Data)!);
        IReadOnlyList<SweepRun> plan = SweepPlan.Create(options, data.Batches.Training.Length);
        if (plan.Count == 0)
        {
            throw new ArgumentException("These sizes and budgets leave nothing to train: every model would see too few or too many tokens. "
                + "Change --budgets, --smallest and --largest, or give more text with --data.");
        }

        var sweep = new Sweep(data, parse.GetValue(Output)!.FullName) { StepsFolder = parse.GetValue(StepsFolder)?.FullName };
        if (parse.GetValue(Plan))
            return Show(console, plan, sweep);
        if (parse.GetValue(Slurm) is { } script)
            return WriteSlurm(console, parse, plan, sweep, script);
        if (parse.GetValue(Status))
            return ShowStatus(console, plan, sweep);
        if (parse.GetValue(Task) is { } task)
        {
            SweepRecord? record = sweep.RunTask(plan, task, cancellation: cancellation);
            console.WriteLine(record is null ? "Nothing was trained: this run was done before, or it was stopped." : Describe(record));
            return 0;
        }

        if (parse.GetValue(Local) is > 0 and var atOnce)
            LocalTasks.Run(console, sweep, plan, Given(parse), atOnce, cancellation);
        return cancellation.IsCancellationRequested ? 130 : Train(console, sweep, plan, cancellation);
    }

    private static int ShowStatus(IAnsiConsole console, IReadOnlyList<SweepRun> plan, Sweep sweep)
    {
        IReadOnlyList<(SweepTaskState State, string Detail)> status = sweep.Status(plan);
        var table = new Table().AddColumns("task", "run", "state", "");
        for (var i = 0; i < plan.Count; i++)
        {
            var (state, detail) = status[i];
            if (state == SweepTaskState.Failed && File.Exists(sweep.LogOfTask(i)))
                detail += $" (log: {sweep.LogOfTask(i)})";
            table.AddRow($"{i}", plan[i].Key.EscapeMarkup(), state.ToString().ToLowerInvariant(), detail.EscapeMarkup());
        }

        console.Write(table);
        console.WriteLine(string.Join(", ", Enum.GetValues<SweepTaskState>()
            .Select(state => $"{status.Count(one => one.State == state)} {state.ToString().ToLowerInvariant()}")) + ".");
        return status.Any(one => one.State == SweepTaskState.Failed) ? 2 : 0;
    }

    // The options as they were given, without those that apply to this call only.
    private static List<string> Given(ParseResult parse)
    {
        var arguments = new List<string>();
        Option[] ofThisCall = [Slurm, Plan, Task, Status, Local];
        foreach (var option in parse.CommandResult.Command.Options.Except(ofThisCall))
        {
            if (parse.GetResult(option) is not { Implicit: false } given)
                continue;
            arguments.Add(option.Name);
            arguments.AddRange(given.Tokens.Select(token => token.Value));
        }

        return arguments;
    }

    private static int Train(IAnsiConsole console, Sweep sweep, IReadOnlyList<SweepRun> plan, CancellationToken cancellation)
    {
        int already = plan.Count(run => sweep.Done().ContainsKey(run.Key)), count = plan.Count - already;
        console.WriteLine(
            $"{plan.Count} trainings, {already} of them done before. Results go to {sweep.FilePath}. You can stop at any time: the next " +
                $"start continues.");
        string? announced = null;
        IReadOnlyList<SweepRecord> records = sweep.Run(
            plan,
            progress =>
            {
                if (announced == progress.Run.Key)
                    return;
                announced = progress.Run.Key;
                console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{progress.Number}/{progress.Count} {progress.Run.Model.Name}, {ParameterCount.Of(progress.Run.Model).Active:N0} " +
                        $"active parameters, {progress.Run.Tokens:N0} tokens, {progress.Run.Flops:0.0e+0} FLOPs"));
            },
            record => console.WriteLine($"  {Describe(record)}"),
            (run, error) => console.WriteLine($"{run.Key} is left out. {error.Message}"),
            cancellation);
        console.WriteLine(
            $"{records.Count} trained now, {count - records.Count} left. To fit scaling laws: mezcla scaling " +
                $"fit {Path.GetFileName(sweep.FilePath)} --parameters active --where kind=dense");
        return cancellation.IsCancellationRequested ? 130 : 0;
    }

    private static int Show(IAnsiConsole console, IReadOnlyList<SweepRun> plan, Sweep sweep)
    {
        IReadOnlyDictionary<string, SweepRecord> done = sweep.Done();
        Table table = ScalingCommand.NumberTable("task", "model", "parameters", "active", "tokens", "FLOPs", "done");
        for (var i = 0; i < plan.Count; i++)
        {
            SweepRun run = plan[i];
            var count = ParameterCount.Of(run.Model);
            table.AddRow(N0(i), run.Model.Name, N0(count.Total), N0(count.Active), N0(run.Tokens), ScalingCommand.Scientific(run.Flops),
                done.ContainsKey(run.Key) ? "yes" : "");
        }

        console.Write(table);
        var flops = plan.Where(run => !done.ContainsKey(run.Key)).Sum(run => run.Flops);
        console.WriteLine(
            $"{ScalingCommand.Scientific(flops)} FLOPs are left to train: " +
                $"{(flops / 20e9 / 3600).ToString("0.0", CultureInfo.InvariantCulture)} hours at 20 GFLOP/s.");
        return 0;
    }

    private static int WriteSlurm(IAnsiConsole console, ParseResult parse, IReadOnlyList<SweepRun> plan, Sweep sweep, FileInfo script)
    {
        IReadOnlyDictionary<string, SweepRecord> done = sweep.Done();
        int[] left = [.. Enumerable.Range(0, plan.Count).Where(i => !done.ContainsKey(plan[i].Key))];
        if (left.Length == 0)
        {
            console.WriteLine("All trainings of this plan are done: there is nothing to submit.");
            return 0;
        }

        var log = sweep.LogOfTask(0).Replace(".task-0.", ".task-%a.");
        File.WriteAllText(script.FullName,
            SlurmScript.Write(Given(parse), plan, Directory.GetCurrentDirectory(), log, left, LocalTasks.ShellCommand));
        console.WriteLine($"{script.FullName} has {left.Length} tasks. Submit it with: sbatch {script.Name}");
        return 0;
    }

    private static string Describe(SweepRecord record) => string.Create(CultureInfo.InvariantCulture,
        $"{record.Key}: {record.Loss:0.0000} nats per byte on held-out text, {record.TrainingLoss:0.0000} in " +
            $"training, {record.Seconds:0.0} s");

    private static string N0(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
