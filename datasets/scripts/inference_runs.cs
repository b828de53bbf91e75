#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Experiments/Mezcla.Experiments.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 10, in ../runs/inference: additions.jsonl (models that add numbers, small and large, with and without a
// scratchpad, five seeds each: how often they are right, alone and in many samples), two of the small models, sizes.jsonl (models of five
// sizes, each trained until it is right nine times in ten) and draft.safetensors (the draft model for speculative decoding). Lines and files
// that are there already are not made again. From the root of the repository:
// dotnet run -c Release datasets/scripts/inference_runs.cs datasets/runs/inference
// More arguments (draft, additions, sizes) make only these parts.
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Datasets;
using Mezcla.Experiments.Inference;
using Mezcla.Generation;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

const int Digits = 4, Steps = 2000, Batch = 32, Problems = 200;
const double Goal = 0.9;
var folder = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs", "inference");
Directory.CreateDirectory(folder);
var parts = args.Length > 1 ? args[1..] : ["draft", "additions", "sizes"];
foreach (var part in parts)
    Make(part);

void Make(string part)
{
    switch (part)
    {
        case "draft":
            Draft();
            break;
        case "additions":
            Additions();
            break;
        case "sizes":
            Sizes();
            break;
        default:
            throw new ArgumentException($"There is no part called {part}.");
    }
}

void Additions()
{
    for (ulong seed = 1; seed <= 5; seed++)
        foreach (var (name, width) in new[] { ("small", 20), ("large", 80) })
            foreach (var scratchpad in new[] { false, true })
                if (!Lines("additions.jsonl").Any(r =>
                    (ulong)r["seed"]! == seed && (string?)r["size"] == name && (bool)r["scratchpad"]! == scratchpad))
                    Run(seed, name, width, scratchpad);
}

void Run(ulong seed, string name, int width, bool scratchpad)
{
    var clock = Stopwatch.StartNew();
    var task = new AdditionTask(Digits, scratchpad);
    var model = new Transformer(task.Shape(width), new RandomStream(seed));
    var held = task.Held(Problems);
    var config = new TrainingConfig
    {
        Steps = Steps,
        BatchSize = Batch,
        LearningRate = Rate(width),
        Seed = seed,
        Beta2 = 0.98f,
        WeightDecay = 0.01f,
        Schedule = new CosineSchedule { WarmupSteps = Steps / 20 },
    };
    List<object> points = [];
    var sum = 0.0;
    task.Train(model, config, held.ToHashSet(), (step, loss) =>
    {
        sum += loss;
        if ((step + 1) % (Steps / 10) != 0)
            return true;
        points.Add(new { step = step + 1, loss = Round(sum / (Steps / 10)), greedy = Greedy() });
        sum = 0;
        return true;
    });
    var trained = clock.Elapsed.TotalSeconds;

    int[][] prompts = [.. held.Select(problem => AdditionTask.Encode(task.Prompt(problem)))];
    int[][] written = [.. held.Select(problem => AdditionTask.Encode(task.Written(problem)))];
    var samples = name == "small" ? 64 : 16;
    var answers = Sampled(samples);
    var flops = FlopCount.Of(model.Config, task.ContextLength, causal: true).Forward;
    Write("additions.jsonl", new
    {
        seed,
        size = name,
        scratchpad,
        width,
        parameters = model.CountParameters(),
        steps = Steps,
        batch = Batch,
        learning_rate = Rate(width),
        training_flops = Steps * (double)Batch * 3 * flops,
        flops_per_answer = flops,
        characters = task.WrittenLength,
        problems = Problems,
        greedy = Greedy(),
        probability = Round(Continuations.ProbabilityOf(model, prompts, written).Average()),
        samples,
        right = answers.Select((row, i) => row.Count(a => a == task.Sum(held[i]))),
        voted = Counts(samples).Select(n => Round(Voted(answers, n))),
        seconds = (int)trained,
        points,
    });
    if (seed == 1 && name == "small")
        new ModelCheckpoint { Model = model }.Save(Path.Combine(folder, scratchpad ? "small-scratchpad.safetensors" : "small.safetensors"));

    double Greedy()
    {
        var rows = Continuations.Draw(model, [.. held.Select(p => AdditionTask.Encode(task.Prompt(p)))], task.WrittenLength,
            SamplingConfig.Greedy, new RandomStream(1));
        return Round(rows.Where((row, i) => task.AnswerIn(row) == task.Sum(held[i])).Count() / (double)Problems);
    }

    // The answers to each problem, in the order in which they were drawn.
    int[][] Sampled(int count)
    {
        var random = new RandomStream(seed, 2);
        List<int[]> all = [];
        foreach (var prompt in prompts)
            all.Add([.. Continuations.Draw(model, [.. Enumerable.Repeat(prompt, count)], task.WrittenLength, new SamplingConfig(), random)
                .Select(row => task.AnswerIn(row))]);
        return [.. all];
    }

    // The share of problems that a vote of n answers solves: the samples are cut into groups of n, and each group votes.
    double Voted(int[][] all, int n) => all.Select((row, i) => row.Chunk(n).Average(group =>
        BestOfN.MajorityVote(group) == task.Sum(held[i]) ? 1.0 : 0)).Average();
}

static IEnumerable<int> Counts(int most)
{
    for (var n = 1; n <= most; n *= 2)
        yield return n;
}

// The wider the model, the lower the rate.
static float Rate(int width) => MathF.Round(0.25f / width, 5);

// Models of several sizes, each trained at a constant rate until the mean probability of the right answer reaches the goal.
void Sizes()
{
    for (ulong seed = 1; seed <= 3; seed++)
        foreach (var width in new[] { 20, 28, 40, 56, 80 })
            if (!Lines("sizes.jsonl").Any(r => (ulong)r["seed"]! == seed && (int)r["width"]! == width))
                Until(seed, width);
}

void Until(ulong seed, int width)
{
    const int Every = 25, Most = 6000;
    var clock = Stopwatch.StartNew();
    var task = new AdditionTask(Digits, Scratchpad: false);
    var model = new Transformer(task.Shape(width), new RandomStream(seed));
    var held = task.Held(Problems);
    int[][] prompts = [.. held.Select(problem => AdditionTask.Encode(task.Prompt(problem)))];
    int[][] written = [.. held.Select(problem => AdditionTask.Encode(task.Written(problem)))];
    var config = new TrainingConfig
    {
        Steps = Most,
        BatchSize = Batch,
        LearningRate = Rate(width) / 2,
        Seed = seed,
        Beta2 = 0.98f,
        WeightDecay = 0.01f,
        Schedule = new ConstantSchedule { WarmupSteps = 50 },
    };
    int? reached = null;
    var probability = 0.0;
    task.Train(model, config, held.ToHashSet(), (step, _) =>
    {
        if ((step + 1) % Every != 0)
            return true;
        probability = Continuations.ProbabilityOf(model, prompts, written).Average();
        reached = probability >= Goal ? step + 1 : null;
        return reached is null;
    });
    var flops = FlopCount.Of(model.Config, task.ContextLength, causal: true).Forward;
    Write("sizes.jsonl", new
    {
        seed,
        width,
        parameters = model.CountParameters(),
        batch = Batch,
        learning_rate = config.LearningRate,
        goal = Goal,
        probability = Round(probability),
        reached,
        training_flops = (reached ?? Most) * (double)Batch * 3 * flops,
        flops_per_answer = flops,
        seconds = (int)clock.Elapsed.TotalSeconds,
    });
}

static double Round(double value) => Math.Round(value, 4);

// A small model for the text and the tokens of checkpoints/verses.safetensors.
void Draft()
{
    var file = Path.Combine(folder, "draft.safetensors");
    if (File.Exists(file))
        return;
    var verses = ModelCheckpoint.Load(DatasetFolder.PathOf("checkpoints", "verses.safetensors"));
    var shape = verses.Model.Config with
    {
        Layers = 1,
        HiddenSize = 48,
        Attention = verses.Model.Config.Attention with { Heads = 2, KeyValueHeads = 2, HeadSize = 24 },
        FeedForward = verses.Model.Config.FeedForward with { IntermediateSize = 192 },
        Dropout = 0,
        InitializerRange = 1 / MathF.Sqrt(48),
    };
    var model = new Transformer(shape, new RandomStream(1));
    var batches = new TokenBatches(verses.Tokenizer!.Encode(Corpus.Load("bible-english").Text));
    var config = new TrainingConfig { Steps = 600, BatchSize = 16, LearningRate = 8e-3f, Seed = 1, EvaluationInterval = 0 };
    new Trainer(model, batches, config).Run();
    var loss = Evaluation.CrossEntropy(model, batches.Validation[..16384].ToArray());
    Console.WriteLine(FormattableString.Invariant($"draft: {model.CountParameters()} parameters, {loss:F4} nats per token"));
    new ModelCheckpoint { Model = model, Tokenizer = verses.Tokenizer }.Save(file);
}

IEnumerable<JsonNode> Lines(string file) => File.Exists(Path.Combine(folder, file))
    ? File.ReadLines(Path.Combine(folder, file)).Select(line => JsonNode.Parse(line)!)
    : [];

void Write(string file, object record)
{
    var line = JsonSerializer.Serialize(record);
    File.AppendAllText(Path.Combine(folder, file), line + "\n");
    Console.WriteLine($"{DateTime.Now:HH:mm:ss} {(line.Length > 400 ? line[..400] : line)}");
}
