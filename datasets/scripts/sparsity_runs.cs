#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Quantization/Mezcla.Quantization.csproj
#:project ../../src/Mezcla.Datasets/Mezcla.Datasets.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 09, three seeds each: experts.jsonl (parts of a Mixture of Experts are removed), gradual.jsonl (a
// language model loses 95 % of its weights in seven cuts, or in one, with the same training afterwards; beside it the model untouched,
// and a small model with as many parameters as are left) and bytes.jsonl (half of the weights in 4 bits, or all in 3.4 bits).
// From the root of the repository: dotnet run -c Release datasets/scripts/sparsity_runs.cs datasets/runs/sparsity
// A second argument (experts or gradual) makes a part of them only. What a file holds of a model already is not made again.
using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Quantization.Studies;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

const int Steps = 1200, StepsAfterACut = 100;
const float Rate = 3e-3f;
double[] cuts = [0.5, 0.7, 0.8, 0.87, 0.91, 0.935, 0.95];
var folder = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs", "sparsity");
var part = args.ElementAtOrDefault(1);
Directory.CreateDirectory(folder);
var text = Corpus.Load("moby-dick").Text;
var batches = new TokenBatches(BytePairTokenizer.Train(text, 512).Encode(text));
var held = batches.Validation[..16384].ToArray();
var calibration = CalibrationText.From(batches.Training, 64);
for (ulong seed = 1; seed <= 3; seed++)
    if (part is null or "gradual" && !Exists("gradual.jsonl", $"dense-{seed}"))
        Gradual(seed);
for (ulong seed = 1; seed <= 3; seed++)
    if (part is null or "experts" && !Exists("experts.jsonl", $"experts-{seed}"))
        Experts(seed);

// A quarter, a half and three quarters of the experts' weights are removed, as whole experts or as single weights.
void Experts(ulong seed)
{
    var shape = Shape(2, 64);
    shape = shape with
    {
        MixtureOfExperts = new() { Experts = 8, TopK = 2, Expert = shape.FeedForward, Routing = new TopKSoftmaxRouting() },
    };
    var model = Trained(shape, seed, Steps);
    var before = Evaluation.CrossEntropy(model, held);
    var all = ModelMatrix.Of(model).Where(m => m.Role == MatrixRole.Expert).Sum(m => (long)m.Rows * m.Columns);
    List<StudyRecord> records = [];
    foreach (var keep in new[] { 6, 4, 2 })
    {
        var share = 1 - keep / 8.0;
        Record($"{keep} of 8 experts", "experts by use", ExpertPruning.Prune(model, keep, calibration), null, share);
        foreach (var method in new PruningMethod[] { new MagnitudePruning(), new SparseGpt() })
        {
            var copy = ModelCopy.Of(model);
            var mask = method.Prune(copy, PruningPattern.Share(share), calibration, m => m.Role == MatrixRole.Expert);
            Record("weights of experts", method.Name, copy, mask, share);
        }
    }

    foreach (var method in new PruningMethod[] { new MagnitudePruning(), new SparseGpt() })
    {
        var copy = ModelCopy.Of(model);
        var mask = method.Prune(copy, PruningPattern.TwoOfFour, calibration, m => m.Role == MatrixRole.Expert);
        Record("2:4 in experts", method.Name, copy, mask, 0.5);
    }

    var plain = ModelCopy.Of(model);
    Record("nothing", "none", plain, new PruningMask(), 0);
    Write("experts.jsonl", records);

    // As it is cut, and after 150 steps of training.
    void Record(string what, string method, Transformer pruned, PruningMask? mask, double share)
    {
        var record = new StudyRecord
        {
            Study = "sparsity",
            Model = $"experts-{seed}",
            Seed = seed,
            Parameters = model.CountParameters(),
            Method = method,
            Part = what,
            Sparsity = share,
            LossBefore = before,
            Loss = Evaluation.CrossEntropy(pruned, held),
        };
        records.Add(record);
        var trainer = new Trainer(pruned, batches, Config(150, 1e-3f, seed));
        if (mask is null)
            trainer.Run();
        else
            mask.Retrain(trainer);
        records.Add(record with { RetrainedSteps = 150, Loss = Evaluation.CrossEntropy(pruned, held) });
        Console.WriteLine(FormattableString.Invariant(
            $"{DateTime.Now:HH:mm:ss} experts-{seed} {what} {method} {share}: {record.Loss - before:F3}, {records[^1].Loss - before:F3}"));
    }
}

void Gradual(ulong seed)
{
    var name = $"dense-{seed}";
    var model = Trained(Shape(3, 128), seed, Steps);
    var before = Evaluation.CrossEntropy(model, held);
    Console.WriteLine(FormattableString.Invariant($"{DateTime.Now:HH:mm:ss} {name}: {before:F4}"));
    if (!Exists("bytes.jsonl", name))
        Bytes(model, name, seed, before);
    List<StudyRecord> records = [];

    // One training with one schedule, into whose first half the cuts are made: all arms learn at the same rates.
    var gradually = ModelCopy.Of(model);
    var done = 0;
    var method = new MagnitudePruning { Global = true };
    var mask = method.Prune(gradually, PruningPattern.Share(cuts[0]));
    new Trainer(gradually, batches, Config(Steps, Rate, seed)).Run(step =>
    {
        mask.Apply();
        if (++done % StepsAfterACut != 0 || done >= StepsAfterACut * cuts.Length)
            return;
        Record("in seven cuts", gradually, mask.Sparsity, done);
        mask = method.Prune(gradually, PruningPattern.Share(cuts[done / StepsAfterACut]));
    });
    Record("in seven cuts", gradually, mask.Sparsity, Steps);

    var atOnce = ModelCopy.Of(model);
    mask = method.Prune(atOnce, PruningPattern.Share(cuts[^1]));
    Record("in one cut", atOnce, mask.Sparsity, null);
    mask.Retrain(new Trainer(atOnce, batches, Config(Steps, Rate, seed)));
    Record("in one cut", atOnce, mask.Sparsity, Steps);

    var untouched = ModelCopy.Of(model);
    new Trainer(untouched, batches, Config(Steps, Rate, seed)).Run();
    Record("nothing removed", untouched, 0, Steps);

    var small = Trained(Shape(2, 52, heads: 2), seed, 2 * Steps);
    Record("small from the start", small, null, null);
    Write("gradual.jsonl", records);

    void Record(string arm, Transformer now, double? sparsity, int? steps)
    {
        records.Add(new StudyRecord
        {
            Study = "sparsity",
            Model = name,
            Seed = seed,
            Parameters = now.CountParameters(),
            Method = arm,
            Sparsity = sparsity,
            RetrainedSteps = steps,
            LossBefore = before,
            Loss = Evaluation.CrossEntropy(now, held),
        });
        Console.WriteLine(FormattableString.Invariant($"{DateTime.Now:HH:mm:ss} {name} {arm} {sparsity} {steps}: {records[^1].Loss:F4}"));
    }
}

// About as many bytes: all weights of the blocks in Q3_K (3.44 bits), or half of them in 4 bits with a bitmap of their places (3.5 bits).
void Bytes(Transformer model, string name, ulong seed, double before)
{
    List<StudyRecord> records = [];
    foreach (var format in new NumberFormat[] { NumberFormats.Q4_0, NumberFormats.Q3_K, NumberFormats.Q2_K })
        Add("none", format, ModelCopy.Of(model), 0, format.BitsPerWeight(1 << 20));
    foreach (var method in new PruningMethod[] { new MagnitudePruning(), new Wanda(), new SparseGpt() })
    {
        var copy = ModelCopy.Of(model);
        var mask = method.Prune(copy, PruningPattern.Share(0.5), calibration);
        Add(method.Name, NumberFormats.Q4_0, copy, mask.Sparsity, 1 + 0.5 * 4 + 16 / 32.0);
    }

    Write("bytes.jsonl", records);

    void Add(string method, NumberFormat format, Transformer copy, double sparsity, double bits)
    {
        PostTraining.Quantize(copy, new RoundToNearest(), m => PruningMethod.Inner(m) ? format : null);
        records.Add(new StudyRecord
        {
            Study = "sparsity",
            Model = name,
            Seed = seed,
            Parameters = model.CountParameters(),
            Method = method,
            Format = format.Name,
            Part = "matrices of the blocks",
            Bits = bits,
            Sparsity = sparsity,
            LossBefore = before,
            Loss = Evaluation.CrossEntropy(copy, held),
        });
    }
}

Transformer Trained(TransformerConfig shape, ulong seed, int steps)
{
    var model = new Transformer(shape, new RandomStream(seed));
    new Trainer(model, batches, Config(steps, Rate, seed)).Run();
    return model;
}

TrainingConfig Config(int steps, float rate, ulong seed) =>
    new() { Steps = steps, BatchSize = 16, LearningRate = rate, Seed = seed, EvaluationInterval = 0 };

// Llama's layers, as in chapter 08's records.
TransformerConfig Shape(int layers, int width, int heads = 4) => new()
{
    VocabularySize = 512,
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

bool Exists(string file, string name) => File.Exists(Path.Combine(folder, file))
    && StudyRecord.Read(Path.Combine(folder, file)).Any(record => record.Model == name);

// All records of a model at once, so that a model is in a file wholly or not at all.
void Write(string file, IEnumerable<StudyRecord> records) => File.AppendAllText(Path.Combine(folder, file),
    string.Concat(records.Select(record => record.ToJson() + "\n")));
