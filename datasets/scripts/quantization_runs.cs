#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Quantization/Mezcla.Quantization.csproj
#:project ../../src/Mezcla.Datasets/Mezcla.Datasets.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 08 that have several seeds: frontier, cache, training, experts, pruning and overtraining.jsonl.
// From the root of the repository: dotnet run -c Release datasets/scripts/quantization_runs.cs datasets/runs/quantization
// A second argument (dense, experts, pruning or overtraining) makes a part of them only. What a file holds of a model already
// is not made again.
using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Studies;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

var folder = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs", "quantization");
var part = args.ElementAtOrDefault(1);
ulong[] seeds = [1, 2, 3];
NumberFormat[] formats = [NumberFormats.Q8_0, FloatFormat.E4M3, FloatFormat.E5M2, NumberFormats.Q6_K, NumberFormats.Q5_0,
    new AbsmaxFormat(4, 32), NumberFormats.Q4_K, NumberFormats.Q4_0, Nf4.Plain, NumberFormats.MxFp4, new AbsmaxFormat(4),
    NumberFormats.Q3_K, NumberFormats.Q2_K, new Ternary()];
if (part is null or "dense")
    foreach (var seed in seeds)
        foreach (var (layers, width) in new[] { (2, 64), (2, 96), (3, 128) })
            Dense(layers, width, seed);
if (part is null or "experts")
    foreach (var seed in seeds)
        Experts(seed);
if (part is null or "pruning")
    foreach (var seed in seeds)
        Pruning(seed);
if (part is null or "overtraining")
    foreach (var seed in seeds)
        foreach (var (perParameter, steps) in new[] { (20, 322), (100, 1611), (500, 8057), (2000, 32227) })
            Overtraining(perParameter, steps, seed);

// Every format on models of three sizes; on the largest also fewer bits in the cache, and training with rounded weights.
void Dense(int layers, int width, ulong seed)
{
    var name = $"dense-{width}-{seed}";
    var largest = width == 128;
    if (Exists("frontier.jsonl", name) && (!largest || Exists("training.jsonl", name)))
        return;
    var (study, batches) = Trained(name, Shape(layers, width), seed);
    Write("frontier.jsonl", seed, study.Formats(formats, [new RoundToNearest(), new Gptq()]));
    if (!largest)
        return;
    Write("cache.jsonl", seed, study.Cache());
    var further = new TrainingConfig { Steps = 300, BatchSize = 16, LearningRate = 1e-3f, Seed = seed, EvaluationInterval = 0 };
    Write("training.jsonl", seed, study.Training(copy => new Trainer(copy, batches, further), further.Steps,
        [(NumberFormats.Q4_0, 0), (NumberFormats.Q2_K, 0), (new Ternary(), 0)]));
}

void Experts(ulong seed)
{
    var name = $"experts-{seed}";
    if (Exists("experts.jsonl", name))
        return;
    var shape = Shape(2, 64);
    shape = shape with
    {
        MixtureOfExperts = new() { Experts = 8, TopK = 2, Expert = shape.FeedForward, Routing = new TopKSoftmaxRouting() },
    };
    Write("experts.jsonl", seed, Trained(name, shape, seed).Study.Experts());
}

// Weights away, by each method, with and without training afterwards.
void Pruning(ulong seed)
{
    var name = $"pruned-{seed}";
    if (Exists("pruning.jsonl", name))
        return;
    var (study, batches) = Trained(name, Shape(3, 128), seed);
    var further = new TrainingConfig { Steps = 150, BatchSize = 16, LearningRate = 1e-3f, Seed = seed, EvaluationInterval = 0 };
    Write("pruning.jsonl", seed, study.Pruning(pruned => new Trainer(pruned, batches, further), further.Steps));
}

// A model of 34,976 parameters on four books, in bytes, trained for longer and longer: 2,048 tokens a step.
void Overtraining(int perParameter, int steps, ulong seed)
{
    var name = $"over-{perParameter}-{seed}";
    if (Exists("overtraining.jsonl", name))
        return;
    var shape = Shape(2, 32, heads: 2, vocabulary: 256);
    var config = new TrainingConfig { Steps = steps, BatchSize = 32, LearningRate = 4e-3f, Seed = seed, EvaluationInterval = 0 };
    var text = string.Concat(new[] { "bible-english", "moby-dick", "persuasion", "pride-and-prejudice" }
        .Select(book => Corpus.Load(book).Text));
    Write("overtraining.jsonl", seed, TrainedOn(text, name, shape, config).Study.Overtraining());
}

// Llama's layers, as `mezcla train` makes them.
TransformerConfig Shape(int layers, int width, int heads = 4, int vocabulary = 512) => new()
{
    VocabularySize = vocabulary,
    ContextLength = 64,
    Layers = layers,
    HiddenSize = width,
    Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = width / heads },
    FeedForward = new((8 * width / 3 + 31) / 32 * 32, Activation.Silu, Gated: true),
    Positions = new(PositionKind.Rotary),
    Norm = new(NormKind.RmsNorm, Bias: false),
    TiedHead = true,
    InitializerRange = 1 / MathF.Sqrt(width),
};

// A study of a model trained on one book.
(QuantizationStudy Study, TokenBatches Batches) Trained(string name, TransformerConfig shape, ulong seed) =>
    TrainedOn(Corpus.Load("moby-dick").Text, name, shape,
        new() { Steps = 1200, BatchSize = 16, LearningRate = 3e-3f, Seed = seed, EvaluationInterval = 0 });

// A trained model's study, on 16,384 held-out tokens.
(QuantizationStudy Study, TokenBatches Batches) TrainedOn(string text, string name, TransformerConfig shape, TrainingConfig config)
{
    var batches = new TokenBatches(BytePairTokenizer.Train(text, shape.VocabularySize).Encode(text));
    var model = new Transformer(shape, new RandomStream(config.Seed));
    new Trainer(model, batches, config).Run();
    var study = new QuantizationStudy(name, model, CalibrationText.From(batches.Training, 64), batches.Validation[..16384].ToArray(),
        (long)config.Steps * config.BatchSize * shape.ContextLength);
    Console.WriteLine(FormattableString.Invariant($"{DateTime.Now:HH:mm:ss} {name}: {study.LossBefore:F4}"));
    return (study, batches);
}

bool Exists(string file, string name) => File.Exists(Path.Combine(folder, file))
    && StudyRecord.Read(Path.Combine(folder, file)).Any(record => record.Model == name);

// All records of a model at once, so that a model is in a file wholly or not at all.
void Write(string file, ulong seed, IEnumerable<StudyRecord> records) => File.AppendAllText(Path.Combine(folder, file),
    string.Concat(records.Select(record => (record with { Seed = seed }).ToJson() + "\n")));
