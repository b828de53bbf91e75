#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Experiments/Mezcla.Experiments.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 12: membership.jsonl in ../runs. Which verses are trained on is decided by coin, so members and others
// differ in nothing but that. From the root of the repository: dotnet run -c Release datasets/scripts/membership_runs.cs datasets/runs
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Datasets;
using Mezcla.Experiments.Comparisons;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

const int Vocabulary = 512, Verses = 2000, Length = 32, Batch = 16, Context = 64;
int[] passes = [1, 2, 4, 8, 16, 32];
var file = Path.Combine(args.Length > 0 ? args[0] : Path.Combine("datasets", "runs"), "membership.jsonl");
var known = File.Exists(file)
    ? File.ReadLines(file).Select(line => (ulong)JsonNode.Parse(line)!["seed"]!).ToHashSet()
    : [];

var corpus = Corpus.Load("bible-english");
var tokenizer = BytePairTokenizer.Train(corpus.Text, Vocabulary);
var verses = corpus.Text.Split('\n').Select(verse => tokenizer.Encode(verse + "\n")).Where(ids => ids.Length > Length).ToArray();
// A model that has seen neither members nor others: whatever it tells apart is the kind of text, not what was trained on.
var blind = new NgramModel(tokenizer.Encode(Corpus.Load("moby-dick").Text), Vocabulary, 3);

foreach (var seed in new ulong[] { 1, 2, 3, 4, 5 })
    if (!known.Contains(seed))
        Run(seed);

void Run(ulong seed)
{
    // The first half of a random order is trained on, the second half is not.
    var order = Shuffled(verses, new RandomStream(seed, stream: 12))[..Verses];
    var members = order[..(Verses / 2)];
    int[] text = [.. members.SelectMany(ids => ids)];
    var data = new TokenBatches(text, validationShare: 0);
    var model = new Transformer(new TransformerConfig
    {
        VocabularySize = Vocabulary, ContextLength = Context, Layers = 3, HiddenSize = 64, InitializerRange = 0.1f,
        Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 16 }, FeedForward = new(IntermediateSize: 256),
        Positions = new(PositionKind.Rotary),
    }, new RandomStream(seed));
    var stepsOfPass = (double)text.Length / (Batch * Context);
    var ends = passes.ToDictionary(pass => (int)Math.Round(pass * stepsOfPass));
    var training = new TrainingConfig
    {
        Steps = ends.Keys.Max(), BatchSize = Batch, LearningRate = 4e-3f, Schedule = new ConstantSchedule { WarmupSteps = 20 }, Seed = seed,
        EvaluationInterval = 0,
    };
    double[] blindly = [.. order.Select(ids => blind.CrossEntropy(ids.AsSpan(0, Length + 1)))];
    new Trainer(model, data, training).Run(step =>
    {
        if (!ends.TryGetValue(step.Step, out var pass))
            return;
        var losses = Losses(model, order);
        var line = JsonSerializer.Serialize(new
        {
            seed, passes = pass, steps = step.Step, tokens = step.Tokens, text = text.Length, parameters = model.CountParameters(),
            members = Mean(losses[..(Verses / 2)]), others = Mean(losses[(Verses / 2)..]), auc = Area(losses), blind = Area(blindly),
            losses = seed == 1 ? losses.Select(l => Math.Round(l, 3)) : null,
        }, new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull });
        File.AppendAllText(file, line + "\n");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seed {seed}, {pass} passes: {Mean(losses[..(Verses / 2)]):0.000} and {Mean(losses[(Verses / 2)..]):0.000}, "
                + $"area {Area(losses):0.000}"));
    });
}

// The mean loss of each verse's first tokens, in nats per token.
static double[] Losses(Transformer model, int[][] order)
{
    var losses = new List<double>();
    using var noGrad = new NoGrad();
    foreach (var group in order.Chunk(100))
    {
        using var scope = new TensorScope();
        var logits = model.Logits(Tensor.From([.. group.SelectMany(ids => ids[..Length])], group.Length, Length)).ToArray();
        for (var i = 0; i < group.Length; i++)
        {
            var sum = 0.0;
            for (var t = 0; t < Length; t++)
            {
                var row = logits.AsSpan((i * Length + t) * Vocabulary, Vocabulary);
                var total = 0.0;
                foreach (var logit in row)
                    total += Math.Exp(logit);
                sum += Math.Log(total) - row[group[i][t + 1]];
            }
            losses.Add(sum / Length);
        }
    }
    return [.. losses];
}

// The share of pairs of a member and another verse in which the member has the lower loss.
static double Area(double[] losses)
{
    var right = 0.0;
    for (var i = 0; i < Verses / 2; i++)
        for (var j = Verses / 2; j < Verses; j++)
            right += losses[i] < losses[j] ? 1 : losses[i] == losses[j] ? 0.5 : 0;
    return right / (Verses / 2 * (Verses / 2));
}

static double Mean(double[] values) => Math.Round(values.Average(), 5);

static int[][] Shuffled(int[][] items, RandomStream random)
{
    int[][] result = [.. items];
    for (var i = result.Length - 1; i > 0; i--)
    {
        var j = random.NextInt(i + 1);
        (result[i], result[j]) = (result[j], result[i]);
    }
    return result;
}
