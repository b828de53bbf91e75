using System.CommandLine;
using System.Globalization;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Sweeps;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla scaling sweep</c>: many small trainings to fit scaling laws to.</summary>
internal static class ScalingSweepCommand
{
    private static readonly SweepOptions Defaults = new();
    private static readonly Option<FileInfo> Output = new("--output", "-o") { Description = "File of results, a JSON line for each training; what it holds is not trained again.", DefaultValueFactory = _ => new FileInfo("sweep.jsonl") };
    private static readonly Option<string[]> Data = new("--data") { Description = "Corpora that come with Mezcla, or text files.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. SweepData.DefaultCorpora] };
    private static readonly Option<double> Smallest = new("--smallest") { Description = "Active parameters of the smallest model.", DefaultValueFactory = _ => Defaults.Smallest };
    private static readonly Option<double> Largest = new("--largest") { Description = "Active parameters of the largest model.", DefaultValueFactory = _ => Defaults.Largest };
    private static readonly Option<int> Sizes = new("--sizes") { Description = "Sizes between them.", DefaultValueFactory = _ => Defaults.Sizes };
    private static readonly Option<double[]> Budgets = new("--budgets") { Description = "Training FLOPs of each isoFLOP curve.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. Defaults.Budgets] };
    private static readonly Option<int> SizesPerBudget = new("--sizes-per-budget") { Description = "Sizes tried at one budget.", DefaultValueFactory = _ => Defaults.SizesPerBudget };
    private static readonly Option<string> Kinds = new("--kinds") { Description = "dense, moe or both.", DefaultValueFactory = _ => "both" };
    private static readonly Option<int> Experts = new("--experts") { Description = "Routed experts of a mixture; a token uses two, of half the dense width.", DefaultValueFactory = _ => Defaults.Experts };
    private static readonly Option<double> Epochs = new("--epochs") { Description = "How often the text may be read at most.", DefaultValueFactory = _ => Defaults.MostEpochs };
    private static readonly Option<int> Context = new("--context") { Description = "Tokens (bytes) of a sequence.", DefaultValueFactory = _ => Defaults.Context };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of weights and batches.", DefaultValueFactory = _ => Defaults.Seed };
    private static readonly Option<DirectoryInfo?> StepsFolder = new("--steps") { Description = "Record every step of every training in this folder." };
    private static readonly Option<bool> Plan = new("--plan") { Description = "Show what would be trained, and train nothing." };
    private static readonly Option<FileInfo?> Slurm = new("--slurm") { Description = "Write a Slurm job array to this file, and train nothing." };
    private static readonly Option<int?> Task = new("--task") { Description = "Train only this run of the plan, from 0, into a file of its own: for a job array." };

    public static Command Create()
    {
        var command = new Command("sweep", "Train a grid of small models, dense and with experts, and record each: the data of a scaling law.")
        {
            Output, Data, Smallest, Largest, Sizes, Budgets, SizesPerBudget, Kinds, Experts, Epochs, Context, Seed, StepsFolder, Plan, Slurm, Task,
        };
        command.SetAction((parse, cancellation) => System.Threading.Tasks.Task.FromResult(Failures.Report(() => Run(AnsiConsole.Console, parse, cancellation))));
        return command;
    }

    private static int Run(IAnsiConsole console, ParseResult parse, CancellationToken cancellation)
    {
        string kinds = parse.GetValue(Kinds)!.ToLowerInvariant();
        if (kinds is not ("dense" or "moe" or "both")) throw new ArgumentException($"--kinds is dense, moe or both, not '{kinds}'.");
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
        SweepData data = SweepData.Read(parse.GetValue(Data)!);
        IReadOnlyList<SweepRun> plan = SweepPlan.Create(options, data.Batches.Training.Length);
        if (plan.Count == 0)
        {
            throw new ArgumentException("No training makes sense for these sizes and budgets: every one would see too few or too many tokens. "
                + "Change --budgets, --smallest and --largest, or add text.");
        }

        var sweep = new Sweep(data, parse.GetValue(Output)!.FullName) { StepsFolder = parse.GetValue(StepsFolder)?.FullName };
        if (parse.GetValue(Plan)) return Show(console, plan, sweep);
        if (parse.GetValue(Slurm) is { } script) return WriteSlurm(console, parse, plan, script);
        if (parse.GetValue(Task) is { } task)
        {
            SweepRecord? record = sweep.RunTask(plan, task, cancellation: cancellation);
            console.WriteLine(record is null ? "Nothing was trained: this run is done already, or was stopped." : Describe(record));
            return 0;
        }

        return Train(console, sweep, plan, cancellation);
    }

    private static int Train(IAnsiConsole console, Sweep sweep, IReadOnlyList<SweepRun> plan, CancellationToken cancellation)
    {
        int already = plan.Count(run => sweep.Done().ContainsKey(run.Key)), count = plan.Count - already;
        console.WriteLine($"{plan.Count} trainings, {already} done before. Results go to {sweep.FilePath}; stop whenever you like, the next start goes on.");
        string? under = null;
        IReadOnlyList<SweepRecord> records = sweep.Run(
            plan,
            progress =>
            {
                if (under == progress.Run.Key) return;
                under = progress.Run.Key;
                console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{progress.Number}/{progress.Count} {progress.Run.Model.Name}, {ParameterCount.Of(progress.Run.Model).Active:N0} active parameters, {progress.Run.Tokens:N0} tokens, {progress.Run.Flops:0.0e+0} FLOPs"));
            },
            record => console.WriteLine($"  {Describe(record)}"),
            (run, error) => console.WriteLine($"{run.Key} is left out. {error.Message}"),
            cancellation);
        console.WriteLine($"{records.Count} trained now, {count - records.Count} left. Fit laws to them: mezcla scaling fit {Path.GetFileName(sweep.FilePath)} --parameters active --where kind=dense");
        return cancellation.IsCancellationRequested ? 130 : 0;
    }

    private static int Show(IAnsiConsole console, IReadOnlyList<SweepRun> plan, Sweep sweep)
    {
        IReadOnlyDictionary<string, SweepRecord> done = sweep.Done();
        Table table = ScalingCommand.NumberTable("task", "model", "parameters", "active", "tokens", "FLOPs", "done");
        for (int i = 0; i < plan.Count; i++)
        {
            SweepRun run = plan[i];
            ParameterCount count = ParameterCount.Of(run.Model);
            table.AddRow(N0(i), run.Model.Name, N0(count.Total), N0(count.Active), N0(run.Tokens), ScalingCommand.E(run.Flops), done.ContainsKey(run.Key) ? "yes" : "");
        }

        console.Write(table);
        double flops = plan.Where(run => !done.ContainsKey(run.Key)).Sum(run => run.Flops);
        console.WriteLine($"{ScalingCommand.E(flops)} FLOPs are left: {(flops / 20e9 / 3600).ToString("0.0", CultureInfo.InvariantCulture)} hours at 20 GFLOP/s.");
        return 0;
    }

    private static int WriteSlurm(IAnsiConsole console, ParseResult parse, IReadOnlyList<SweepRun> plan, FileInfo script)
    {
        // The arguments as given, but for those that concern this call alone.
        var arguments = new List<string>();
        foreach (var option in parse.CommandResult.Command.Options.Where(option => option != Slurm && option != Plan && option != Task))
        {
            if (parse.GetResult(option) is not { Implicit: false } given) continue;
            arguments.Add(option.Name);
            arguments.AddRange(given.Tokens.Select(token => token.Value));
        }

        File.WriteAllText(script.FullName, SlurmScript.Write(arguments, plan, Directory.GetCurrentDirectory()));
        console.WriteLine($"{script.FullName} has {plan.Count} tasks. Hand it in with: sbatch {script.Name}");
        return 0;
    }

    private static string Describe(SweepRecord record) => string.Create(CultureInfo.InvariantCulture,
        $"{record.Key}: {record.Loss:0.0000} nats per byte on held-out text, {record.TrainingLoss:0.0000} in training, {record.Seconds:0.0} s");

    private static string N0(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
