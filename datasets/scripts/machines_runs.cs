#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Distributed/Mezcla.Distributed.csproj
#:project ../../src/Mezcla.Datasets/Mezcla.Datasets.csproj
#:project ../../src/Mezcla.Weights/Mezcla.Weights.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 13: one model, trained by 1, 2 and 4 processes through MPI. Needs MPICH (apt install mpich).
// From the root of the repository: dotnet run -c Release datasets/scripts/machines_runs.cs datasets/runs/machines.jsonl
// A second argument makes one part only: same (the same training by 1, 2 and 4 processes), popular (one expert is preferred by a bias),
// collapse (Switch's router with and without its balance loss) or scaling (2 processes of 1 thread against 1 of 2). Runs that the file
// has are not made again. The program starts itself once more through mpiexec for each run; "rank" is then its first argument.
using System.Diagnostics;
using System.Text.Json;
using Mezcla.Datasets;
using Mezcla.Distributed;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

if (args is ["rank", ..])
{
    Train(JsonSerializer.Deserialize<Plan>(args[1])!, args[2]);
    return;
}

var file = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs", "machines.jsonl");
var only = args.ElementAtOrDefault(1);
var there = File.Exists(file) ? File.ReadLines(file).Select(line => JsonSerializer.Deserialize<Run>(line, ConfigJson.Options)!.Plan).ToHashSet() : [];
foreach (var plan in Plans().Where(plan => (only ?? plan.Part) == plan.Part && !there.Contains(plan)))
    Start(plan);

static IEnumerable<Plan> Plans()
{
    for (ulong seed = 1; seed <= 3; seed++)
    {
        foreach (var (processes, spread) in new[] { (1, 1), (2, 1), (4, 1), (2, 2), (4, 2), (4, 4) })
            yield return new("same", seed, processes, spread, Steps: 60);
        foreach (var bias in new[] { 0, 0.1, 0.2, 0.3, 1 })
            yield return new("popular", seed, 2, 2, Steps: 30, Bias: bias);
        foreach (var balance in new[] { 0.01, 0 })
            yield return new("collapse", seed, 4, 4, Steps: 300, Balance: balance);
        foreach (var (processes, threads) in new[] { (1, 1), (1, 2), (2, 1) })
            yield return new("scaling", seed, processes, 1, Steps: 20, Threads: threads);
    }
}

void Start(Plan plan)
{
    var line = Path.GetTempFileName();
    var program = typeof(Run).Assembly.Location;
    List<string> call = ["dotnet", program, "rank", JsonSerializer.Serialize(plan), line];
    if (plan.Processes > 1)
        call.InsertRange(0, ["mpiexec", "-n", $"{plan.Processes}"]);
    var start = new ProcessStartInfo(call[0], call[1..]);
    start.Environment["MEZCLA_THREADS"] = $"{plan.Threads}";
    // All is compiled once and well, so that no compiler takes processor time from the steps that are measured.
    start.Environment["DOTNET_TieredCompilation"] = "0";
    using var process = Process.Start(start)!;
    process.WaitForExit();
    if (process.ExitCode != 0)
        throw new InvalidOperationException($"{plan} ended with {process.ExitCode}.");
    File.AppendAllText(file, File.ReadAllText(line));
    File.Delete(line);
}

// What one process does; the first writes the line.
static void Train(Plan plan, string output)
{
    using var session = MpiLaunch.Detect() is { } launch ? MpiSession.Start(launch) : null;
    var text = Corpus.Load("moby-dick").Text;
    var data = new TokenBatches(BytePairTokenizer.Train(text, 512).Encode(text));
    var model = new Transformer(Shape(plan), new RandomStream(plan.Seed));
    if (plan.Bias is { } bias)
        foreach (var (name, buffer) in model.NamedBuffers().Where(b => b.Name.EndsWith("bias", StringComparison.Ordinal)).ToArray())
            Module.Assign(buffer, [(float)bias, .. new float[(int)buffer.Count - 1]]);
    var config = new TrainingConfig
    {
        Steps = plan.Steps,
        BatchSize = 16,
        LearningRate = 3e-3f,
        Schedule = new CosineSchedule { WarmupSteps = plan.Steps / 10 },
        Seed = plan.Seed,
        EvaluationInterval = 0,
    };
    var experts = session is null || plan.ExpertParallel == 1 ? null
        : ExpertShards.Spread(model, session.World, plan.ExpertParallel);
    var peers = session is null ? null : new TrainingPeers(session.World, experts);
    // The first steps compile and fill caches, and the last also evaluates.
    var (first, last) = (plan.Steps / 4, plan.Steps - 1);
    var processor = TimeSpan.Zero;
    var steps = new Trainer(model, data, config, peers: peers).Run(step =>
    {
        if (step.Step == first)
            processor = -Environment.CpuUsage.TotalTime;
        else if (step.Step == last)
            processor += Environment.CpuUsage.TotalTime;
    }).Steps;
    var own = processor.TotalSeconds / (last - first);
    var computed = session?.World.AllGather(own) ?? [own];
    if (session is { World.Rank: > 0 })
        return;

    var quiet = steps.Skip(first).SkipLast(1).ToArray();
    var seconds = quiet.Select(s => s.Seconds - steps[s.Step - 2].Seconds).ToArray();
    var ranks = Enumerable.Range(0, plan.Processes);
    var run = new Run(plan, model.Config, [.. steps.Select(s => s.Loss)], steps[^1].ValidationLoss!.Value,
        quiet[0].Traffic?.Bytes - (quiet[0].Traffic?.ExpertBytes ?? 0) ?? 0, quiet.Average(s => s.Traffic?.ExpertBytes ?? 0),
        [.. steps.Select(s => s.Traffic?.Imbalance ?? 1)],
        [.. ranks.Select(rank => quiet.Sum(s => s.Traffic?.Rows?[rank] ?? 0) / quiet.Length)],
        seconds.Average(), seconds.Order().ElementAt(seconds.Length / 2),
        [.. ranks.Select(rank => quiet.Sum(s => s.Traffic?.Waited?[rank] ?? 0) / quiet.Length)], computed,
        MpiLibrary.Name is null || session is null ? "" : MpiLibrary.Version!);
    File.WriteAllText(output, JsonSerializer.Serialize(run, ConfigJson.Options) + "\n");
    Console.WriteLine(FormattableString.Invariant(
        $"{DateTime.Now:HH:mm:ss} {plan}: {run.HeldOut:F6}, {run.StepSeconds * 1000:F1} ms, {run.GradientBytes}, {run.ExpertBytes:F0}"));
}

static TransformerConfig Shape(Plan plan)
{
    // Experts of one kind each: two for a token by Mixtral's rule, one by a score, which a bias can prefer, or one by Switch's rule.
    var (width, layers) = plan.Part switch { "popular" => (128, 2), "scaling" => (128, 4), _ => (64, 2) };
    var network = new FeedForwardConfig(4 * width, Activation.Silu);
    var routing = (Routing)(plan.Part switch
    {
        "popular" => new SigmoidRouting { Normalize = false },
        "collapse" => new SwitchRouting(),
        _ => new TopKSoftmaxRouting(),
    });
    return new()
    {
        Name = "machines",
        VocabularySize = 512,
        ContextLength = 64,
        Layers = layers,
        HiddenSize = width,
        Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = width / 4 },
        FeedForward = network,
        Positions = new(PositionKind.Rotary),
        InitializerRange = 0.1f,
        MixtureOfExperts = new()
        {
            Experts = 8,
            TopK = plan.Part is "popular" or "collapse" ? 1 : 2,
            Expert = network,
            Routing = routing,
            // A bias that is to stay is moved by next to nothing.
            Balance = new() { LoadBalancing = (float)plan.Balance, BiasUpdate = plan.Bias is null ? 0 : 1e-9f },
        },
    };
}

/// <summary>What a run trains, and by how many processes.</summary>
internal sealed record Plan(string Part, ulong Seed, int Processes, int ExpertParallel, int Steps, double? Bias = null,
    double Balance = 0.01, int Threads = 1);

/// <summary>What was measured: bytes are those that all processes send in a step, seconds those of a step.</summary>
/// <param name="Plan">What was trained.</param>
/// <param name="Model">The model.</param>
/// <param name="Losses">The loss of each step.</param>
/// <param name="HeldOut">The loss on held-out text at the end.</param>
/// <param name="GradientBytes">Bytes of a step that are not between tokens and experts.</param>
/// <param name="ExpertBytes">Bytes of a step between tokens and experts, in the mean.</param>
/// <param name="Imbalance">The most rows of a process over the mean, in each step.</param>
/// <param name="Rows">Rows that the experts of each process computed in a step, in the mean.</param>
/// <param name="StepSeconds">The mean time of a step.</param>
/// <param name="Median">The median time of a step.</param>
/// <param name="Waited">The time in which each process waited, in the mean of the steps.</param>
/// <param name="Computed">Processor time that each process needed, in the mean of the steps; other programs hardly change it.</param>
/// <param name="Mpi">The library.</param>
internal sealed record Run(Plan Plan, TransformerConfig Model, double[] Losses, double HeldOut, long GradientBytes, double ExpertBytes,
    double[] Imbalance, long[] Rows, double StepSeconds, double Median, double[] Waited, double[] Computed, string Mpi);
