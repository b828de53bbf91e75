#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Experiments/Mezcla.Experiments.csproj
#:project ../../src/Mezcla.Scaling/Mezcla.Scaling.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 04: take-away.jsonl and race.jsonl in ../runs. Lines that are there already are not made again.
// From the root of the repository: dotnet run -c Release datasets/scripts/transformer_runs.cs datasets/runs
// A second argument, take-away, scale or race, makes a part of them only; a third, transformer or LSTM, one side of the race only.
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Datasets;
using Mezcla.Experiments.Comparisons;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

var folder = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs");
var corpus = Corpus.Load("moby-dick");
var ids = BytePairTokenizer.Train(corpus.Text, 512).Encode(corpus.Text);
var data = new TokenBatches(ids, validationShare: 0.1);
float[] rates = [0.002f, 0.006f, 0.018f];

// Three learning rates with one seed, then more seeds.
var part = args.ElementAtOrDefault(1);
if (part is null or "take-away")
    TakeAwayRuns();
if (part is null or "scale")
    ScaleRuns();
if (part is null or "race")
    RaceRuns();

void TakeAwayRuns()
{
    string[] arms = ["nothing", "norms", "residual connections", "MLPs"];
    foreach (var rate in rates)
        foreach (var missing in arms)
            TakeAway(missing, rate, 1);
    foreach (var seed in new ulong[] { 2, 3 })
        foreach (var missing in arms)
            TakeAway(missing, Best("take-away.jsonl", missing), seed);
}

// With and without norms, from initial weights four times as large.
void ScaleRuns()
{
    foreach (var seed in new ulong[] { 1, 2, 3 })
        foreach (var missing in new[] { "nothing", "norms" })
            TakeAway(missing, 0.006f, seed, sigma: 0.5f);
}

void RaceRuns()
{
    var arms = args.Length > 2 ? args[2..] : ["transformer", "LSTM"];
    foreach (var rate in rates)
        foreach (var name in arms)
            Race(name, rate, 1);
    foreach (var seed in new ulong[] { 2, 3 })
        foreach (var name in arms)
            Race(name, Best("race.jsonl", name), seed);
}

// The learning rate at which the first seed ended lowest.
float Best(string file, string name) => (float)Lines(file).Where(run => (string)run["name"]! == name && (ulong)run["seed"]! == 1)
    .MinBy(run => (double)run["validation"]!.AsArray()[^1]!["loss"]!)!["learning_rate"]!;

// GPT-2's layers with one kind of part missing, as in the chapter.
void TakeAway(string missing, float rate, ulong seed, float sigma = 0.125f)
{
    const int Steps = 300, Layers = 6, Width = 64, Heads = 4, Time = 64, Batch = 16;
    if (Exists("take-away.jsonl", missing, rate, seed, sigma))
        return;
    var clock = Stopwatch.StartNew();
    var shape = new TransformerConfig
    {
        VocabularySize = 512,
        ContextLength = Time,
        Layers = Layers,
        HiddenSize = Width,
        Attention = new()
        {
            Heads = Heads,
            KeyValueHeads = Heads,
            HeadSize = Width / Heads,
            QueryKeyValueBias = true,
            OutputBias = true,
        },
        FeedForward = new(4 * Width, Bias: true),
        TiedHead = true,
        InitializerRange = sigma,
    };
    var model = new Transformer(shape, new RandomStream(seed));
    var w = model.NamedParameters().ToDictionary(p => p.Name, p => p.Tensor);
    var config = new TrainingConfig { Steps = Steps, LearningRate = rate, Seed = seed };
    var optimizer = new AdamW(model.NamedParameters(), config);
    var (random, losses, validation) = (new RandomStream(seed, 1), new List<double>(), new List<object>());
    for (var step = 0; step < Steps; step++)
    {
        using var scope = new TensorScope();
        var batch = data.Next(random, Batch, Time);
        optimizer.ZeroGrad();
        var loss = Logits(batch.Inputs).Reshape(-1, 512).CrossEntropy(batch.Labels.Reshape(-1));
        loss.Backward();
        var measured = Gradients.Measure(model.Parameters().ToArray(), 1, loss);
        optimizer.Step(rate * (float)config.Schedule.At(step, Steps), measured.Slice(0, 2, 1));
        losses.Add(Math.Round(loss.Item(), 4));
        if ((step + 1) % 50 == 0)
            validation.Add(new { step = step + 1, loss = Math.Round(HeldOut(), 5) });
    }
    Write("take-away.jsonl", new
    {
        name = missing,
        seed,
        learning_rate = rate,
        sigma,
        steps = Steps,
        layers = Layers,
        width = Width,
        heads = Heads,
        context = Time,
        batch = Batch,
        parameters = w.Values.Where(tensor => tensor.Grad is not null).Sum(tensor => tensor.Count),
        data = "moby-dick, 512 byte pairs",
        seconds = (int)clock.Elapsed.TotalSeconds,
        losses,
        validation,
    });

    double HeldOut()
    {
        var (held, sum) = (new RandomStream(0), 0.0);
        using var free = new NoGrad();
        for (var i = 0; i < 16; i++)
        {
            using var scope = new TensorScope();
            var batch = data.NextValidation(held, Batch, Time);
            sum += Logits(batch.Inputs).Reshape(-1, 512).CrossEntropy(batch.Labels.Reshape(-1)).Item() / 16;
        }
        return sum;
    }

    Tensor Norm(Tensor x, string name) => missing == "norms" ? x : x.LayerNorm(w[$"{name}.weight"], w[$"{name}.bias"]);

    Tensor Add(Tensor x, Tensor y) => missing == "residual connections" ? y : x + y;

    Tensor Linear(Tensor x, string name) => x.Linear(w[$"{name}.weight"], w[$"{name}.bias"]);

    Tensor Logits(Tensor tokens)
    {
        var x = w["embedding.weight"].Embedding(tokens) + w["positions.weight"];
        for (var block = 0; block < Layers; block++)
        {
            var name = $"blocks.{block}";
            var qkv = Linear(Norm(x, $"{name}.attention_norm"), $"{name}.attention.qkv");
            var mixed = Attention.Packed(qkv, Heads, Heads, new() { Causal = true, TimeFirst = true });
            x = Add(x, Linear(mixed, $"{name}.attention.output"));
            if (missing != "MLPs")
            {
                var wide = Linear(Norm(x, $"{name}.network_norm"), $"{name}.network.up").Gelu();
                x = Add(x, Linear(wide, $"{name}.network.down"));
            }
        }
        return Norm(x, "final_norm").Linear(w["embedding.weight"]);
    }
}

// A transformer and an LSTM of one size, which spend the same number of operations.
void Race(string name, float rate, ulong seed)
{
    const int Steps = 300, Time = 64, LstmWidth = 117;
    if (Exists("race.jsonl", name, rate, seed))
        return;
    var clock = Stopwatch.StartNew();
    var shape = new TransformerConfig
    {
        VocabularySize = 512,
        ContextLength = Time,
        Layers = 4,
        HiddenSize = 64,
        Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 16 },
        FeedForward = new(256),
        Positions = new(PositionKind.Rotary),
        TiedHead = true,
        InitializerRange = 0.125f,
    };
    var perToken = FlopCount.Of(shape, tokens: Time, causal: true).Forward / Time;
    var perLstmToken = 2.0 * (8 * LstmWidth * LstmWidth + 512 * LstmWidth);
    var isLstm = name == "LSTM";
    LanguageModel model = isLstm
        ? new RecurrentModel(new(512, Time, Layers: 1, LstmWidth), new RandomStream(seed))
        : new Transformer(shape, new RandomStream(seed));
    var steps = isLstm ? (int)(Steps * perToken / perLstmToken) : Steps;
    var config = new TrainingConfig { Steps = steps, LearningRate = rate, Seed = seed, EvaluationInterval = 50, EvaluationBatches = 16 };
    var result = new Trainer(model, data, config).Run();
    Write("race.jsonl", new
    {
        name,
        seed,
        learning_rate = rate,
        steps,
        batch = 16,
        context = Time,
        parameters = model.CountParameters(),
        operations_per_token = isLstm ? perLstmToken : perToken,
        data = "moby-dick, 512 byte pairs",
        seconds = (int)clock.Elapsed.TotalSeconds,
        validation = result.Steps.Where(s => s.ValidationLoss != null)
            .Select(s => new { step = s.Step, loss = Math.Round(s.ValidationLoss!.Value, 5) }),
    });
}

IEnumerable<JsonNode> Lines(string file) => File.Exists(Path.Combine(folder, file))
    ? File.ReadLines(Path.Combine(folder, file)).Select(line => JsonNode.Parse(line)!)
    : [];

bool Exists(string file, string name, float rate, ulong seed, float sigma = 0.125f) => Lines(file).Any(run => (string)run["name"]! == name
    && (float)run["learning_rate"]! == rate && (ulong)run["seed"]! == seed && (float)(run["sigma"] ?? 0.125f)! == sigma);

void Write(string file, object record)
{
    File.AppendAllText(Path.Combine(folder, file), JsonSerializer.Serialize(record) + "\n");
    Console.WriteLine(JsonSerializer.Serialize(record)[..100]);
}
