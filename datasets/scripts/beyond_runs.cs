#:project ../../src/Mezcla.Tensors.Cpu/Mezcla.Tensors.Cpu.csproj
#:project ../../src/Mezcla.Experiments/Mezcla.Experiments.csproj
#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true

// The recorded runs of chapter 11: epochs.jsonl, model-collapse.jsonl, grokking.jsonl and induction.jsonl in ../runs/beyond. Lines that are
// there already are not made again. From the root of the repository:
// dotnet run -c Release datasets/scripts/beyond_runs.cs datasets/runs/beyond
// More arguments, such as epochs or collapse, make only these parts, and numbers only these seeds.
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

var folder = args.Length > 0 ? args[0] : Path.Combine("datasets", "runs", "beyond");
Directory.CreateDirectory(folder);
string[] parts = [.. args.Skip(1).Where(a => !ulong.TryParse(a, out _))];
ulong[] seeds = [.. args.Skip(1).Where(a => ulong.TryParse(a, out _)).Select(ulong.Parse)];
parts = parts.Length > 0 ? parts : ["collapse", "epochs", "grokking", "induction"];
seeds = seeds.Length > 0 ? seeds : [1, 2, 3];
var json = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
foreach (var part in parts)
{
    Action run = part switch
    {
        "collapse" => CollapseRuns,
        "epochs" => EpochRuns,
        "grokking" => GrokkingRuns,
        "induction" => InductionRuns,
        _ => throw new ArgumentException($"There is no part called {part}."),
    };
    run();
}

static TransformerConfig Shape(int vocabulary, int width, int layers, int heads) => new()
{
    VocabularySize = vocabulary,
    ContextLength = 64,
    Layers = layers,
    HiddenSize = width,
    Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = width / heads },
    FeedForward = new(4 * width),
    Positions = new(PositionKind.Rotary),
    TiedHead = true,
    InitializerRange = 1 / MathF.Sqrt(width),
};

// Trains on pieces of 65 tokens: each epoch reads every piece once, in a new order.
static void Train(Transformer model, IReadOnlyList<int[]> pieces, int steps, int batch, float rate, ulong seed)
{
    var config = new TrainingConfig { Steps = steps, LearningRate = rate, Seed = seed };
    var optimizer = new AdamW(model.NamedParameters(), config);
    var parameters = model.Parameters().ToArray();
    var random = new RandomStream(seed, 1);
    int[] order = [.. Enumerable.Range(0, pieces.Count)];
    var next = order.Length;
    for (var step = 0; step < steps; step++)
    {
        var rows = new List<int[]>(batch);
        while (rows.Count < batch)
        {
            if (next == order.Length)
            {
                Shuffle(order, random);
                next = 0;
            }
            rows.Add(pieces[order[next++]]);
        }
        using var scope = new TensorScope();
        optimizer.ZeroGrad();
        var (inputs, labels) = Tensors(rows);
        var loss = model.Loss(inputs, labels).CrossEntropy;
        loss.Backward();
        var measured = Gradients.Measure(parameters, 1, loss);
        optimizer.Step(rate * (float)config.Schedule.At(step, steps), measured.Slice(0, 2, 1));
    }
}

static (Tensor Inputs, Tensor Labels) Tensors(IReadOnlyList<int[]> rows)
{
    var time = rows[0].Length - 1;
    int[] inputs = [.. rows.SelectMany(r => r[..^1])];
    int[] labels = [.. rows.SelectMany(r => r[1..])];
    return (Tensor.From(inputs, rows.Count, time), Tensor.From(labels, rows.Count, time));
}

// Nats per token.
static double Loss(Transformer model, IReadOnlyList<int[]> pieces)
{
    var sum = 0.0;
    using var free = new NoGrad();
    foreach (var rows in pieces.Chunk(16))
    {
        using var scope = new TensorScope();
        var (inputs, labels) = Tensors(rows);
        sum += model.Loss(inputs, labels).CrossEntropy.Item() * rows.Length;
    }
    return sum / pieces.Count;
}

static void Shuffle<T>(T[] items, RandomStream random)
{
    for (var i = items.Length - 1; i > 0; i--)
    {
        var j = random.NextInt(i + 1);
        (items[i], items[j]) = (items[j], items[i]);
    }
}

static List<int[]> Pieces(int[] ids) => [.. Enumerable.Range(0, (ids.Length - 1) / 64).Select(i => ids[(64 * i)..(64 * i + 65)])];

// One model, one amount of computation after another, on little text that is repeated and on text that is not.
void EpochRuns()
{
    const int Batch = 8, Width = 48, Layers = 2, Heads = 3;
    const float Rate = 0.006f;
    var corpus = Corpus.Mix([.. new[] { "moby-dick", "pride-and-prejudice", "persuasion", "bible-english" }.Select(Corpus.Load)]);
    var tokenizer = BytePairTokenizer.Train(Corpus.Load("moby-dick").Text, 512);
    int[][] pieces = [.. Pieces(tokenizer.Encode(corpus.Text))];
    Shuffle(pieces, new RandomStream(11));
    var held = pieces[..256];
    foreach (var seed in seeds)
    {
        // 256 pieces of text have 16,384 tokens; the text differs from seed to seed.
        foreach (var (unique, most) in new[] { (256, 16), (1024, 16) })
            for (var epochs = 1; epochs <= most; epochs *= 2)
                Run(seed, unique, epochs);
        foreach (var fresh in new[] { 512, 2048, 4096, 8192 })
            Run(seed, fresh, 1);
    }

    void Run(ulong seed, int unique, int epochs)
    {
        if (Lines("epochs.jsonl").Any(r => (ulong)r["seed"]! == seed && (int)r["unique"]! == unique * 64 && (int)r["epochs"]! == epochs))
            return;
        var clock = Stopwatch.StartNew();
        int[][] all = [.. pieces[256..]];
        if (all.Length < unique)
            throw new InvalidOperationException($"The corpora have {all.Length} pieces, fewer than {unique}.");
        Shuffle(all, new RandomStream(seed, 2));
        var text = all[..unique];
        var model = new Transformer(Shape(512, Width, Layers, Heads), new RandomStream(seed));
        Train(model, text, unique * epochs / Batch, Batch, Rate, seed);
        Write("epochs.jsonl", new
        {
            seed,
            unique = unique * 64,
            epochs,
            tokens = (long)unique * 64 * epochs,
            parameters = model.CountParameters(),
            width = Width,
            layers = Layers,
            batch = Batch,
            learning_rate = Rate,
            data = "moby-dick + pride-and-prejudice + persuasion + bible-english, 512 byte pairs of moby-dick",
            training_loss = Math.Round(Loss(model, text[..256]), 5),
            loss = Math.Round(Loss(model, held), 5),
            seconds = (int)clock.Elapsed.TotalSeconds,
        });
    }
}

// Generations of models, each trained on what the one before it wrote.
void CollapseRuns()
{
    const int Vocabulary = 2048, Tokens = 100_000, Epochs = 4, Batch = 16, Width = 48, Layers = 2, Heads = 3, Generations = 5;
    const float Rate = 0.008f;
    string[] words = [.. Regex.Matches(Corpus.Load("bible-english").Text, @"\p{L}+(?:['’]\p{L}+)*|[^\s\p{L}]|\n").Select(m => m.Value)];
    string[] names = ["<rare>", .. words.CountBy(w => w).OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal)
        .Take(Vocabulary - 1).Select(p => p.Key)];
    var numbers = names.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i);
    int[] ids = [.. words.Select(w => numbers.GetValueOrDefault(w))];
    int[][] held = [.. Pieces(ids[^24_000..])];
    int[][] rest = [.. Pieces(ids[..^24_000])];
    foreach (var seed in seeds)
    {
        Transformer? first = null;
        foreach (var share in new[] { 0, 10, 50 })
            Chain(seed, share, ref first);
    }

    // The first model has read real text only, so the three chains of a seed share it.
    void Chain(ulong seed, int share, ref Transformer? first)
    {
        if (Lines("model-collapse.jsonl").Count(r => (ulong)r["seed"]! == seed && (int)r["real_percent"]! == share) == Generations + 1)
            return;
        int[][] all = [.. rest];
        Shuffle(all, new RandomStream(seed, 2));
        var count = Tokens / 64;
        var real = all[..count];
        var realCounts = Counts(real);
        int[] byRank = [.. Enumerable.Range(1, Vocabulary - 1).Where(id => realCounts[id] > 0)
            .OrderByDescending(id => realCounts[id]).ThenBy(id => id)];
        var text = real;
        for (var generation = 0; generation <= Generations; generation++)
        {
            var clock = Stopwatch.StartNew();
            var model = generation == 0 && first is not null ? first
                : new Transformer(Shape(Vocabulary, Width, Layers, Heads), new RandomStream(seed, (ulong)(10 + generation)));
            if (model != first)
                Train(model, text, count * Epochs / Batch, Batch, Rate, seed + 100 * (ulong)generation);
            first ??= model;
            var counts = Counts(text);
            var rare = byRank.Where(id => realCounts[id] <= 3).ToArray();
            Write("model-collapse.jsonl", new
            {
                seed,
                real_percent = share,
                generation,
                loss = Math.Round(Loss(model, held), 4),
                first_loss_on_text = Math.Round(Loss(first, text[..Math.Min(256, text.Length)]), 4),
                own_loss = Math.Round(Loss(model, text[..Math.Min(256, text.Length)]), 4),
                words = counts.Count(c => c > 0),
                rare_words = rare.Length,
                rare_kept = rare.Count(id => counts[id] > 0),
                entropy = Math.Round(Entropy(counts), 4),
                ranked = Ranks().Select(r => counts.OrderDescending().ElementAt(r - 1)),
                same_words = Ranks().Select(r => r <= byRank.Length ? counts[byRank[r - 1]] : 0),
                bands = Bands().Select(b => Math.Round(byRank[b].Sum(id => (double)counts[id]) / counts.Sum(c => (double)c), 6)),
                seen_three_words = Math.Round(SeenTriples(text), 4),
                text = string.Join(' ', text[^1].Take(50).Select(id => names[id] == "\n" ? "¶" : names[id])),
                parameters = model.CountParameters(),
                seconds = (int)clock.Elapsed.TotalSeconds,
            });
            if (generation == Generations)
                break;
            var random = new RandomStream(seed, (ulong)(1000 + 100 * share + generation));
            var mixed = count * share / 100;
            int[][] fresh = [.. real];
            Shuffle(fresh, random);
            text = [.. fresh[..mixed], .. Sample(model, text, count - mixed, random)];
        }
        int[] Ranks() => [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1536];
        Range[] Bands() => [new(0, 64), 64..512, new(512, ^0)];
    }

    static int[] Counts(IEnumerable<int[]> text)
    {
        var counts = new int[Vocabulary];
        foreach (var id in text.SelectMany(piece => piece[1..]))
            counts[id]++;
        return counts;
    }

    static double Entropy(int[] counts)
    {
        var all = counts.Sum(c => (double)c);
        return -counts.Where(c => c > 0).Sum(c => c / all * Math.Log(c / all));
    }

    // The share of runs of three words that occurred earlier in the same text.
    static double SeenTriples(int[][] text)
    {
        var (seen, again, all) = (new HashSet<(int, int, int)>(), 0, 0);
        foreach (var piece in text)
            for (var i = 0; i + 2 < piece.Length; i++, all++)
                if (!seen.Add((piece[i], piece[i + 1], piece[i + 2])))
                    again++;
        return (double)again / all;
    }

    // Draws pieces of 65 words at temperature 1. The first word of each is taken from the text that the model was trained on.
    static IEnumerable<int[]> Sample(Transformer model, int[][] text, int count, RandomStream random)
    {
        const int Rows = 256;
        var made = new List<int[]>();
        using var free = new NoGrad();
        while (made.Count < count)
        {
            var rows = new int[Rows][];
            for (var r = 0; r < Rows; r++)
            {
                rows[r] = new int[65];
                rows[r][0] = text[random.NextInt(text.Length)][random.NextInt(65)];
            }
            using var cache = new KeyValueCache(model.Config.Layers, 64);
            for (var t = 0; t < 64; t++)
            {
                using var scope = new TensorScope();
                var input = Tensor.From(rows.Select(row => row[t]).ToArray(), Rows, 1);
                var p = model.Logits(input, new ForwardContext { Cache = cache }).Softmax().AsReadOnlySpan();
                for (var r = 0; r < Rows; r++)
                    rows[r][t + 1] = Draw(p.Slice(r * Vocabulary, Vocabulary), random.NextFloat());
            }
            made.AddRange(rows);
        }
        return made.Take(count);
    }

    static int Draw(ReadOnlySpan<float> p, float u)
    {
        for (var i = 0; i < p.Length; i++)
        {
            u -= p[i];
            if (u < 0)
                return i;
        }
        return p.Length - 1;
    }
}

// Addition modulo a prime by a network of three tables: logits = U·(A[a] + B[b])². It is trained on a share of all pairs.
void GrokkingRuns()
{
    const int Prime = 53, Hidden = 128, Steps = 3000;
    const float Rate = 0.003f, Sigma = 0.2f;
    foreach (var seed in seeds)
    {
        foreach (var share in new[] { 20, 30, 40, 50 })
            Run(seed, share, 1);
        foreach (var decay in new[] { 0, 0.3 })
            Run(seed, 40, decay);
    }

    void Run(ulong seed, int share, double decay)
    {
        if (Lines("grokking.jsonl").Any(r => (ulong)r["seed"]! == seed && (int)r["percent"]! == share && (double)r["decay"]! == decay))
            return;
        var clock = Stopwatch.StartNew();
        var random = new RandomStream(seed);
        var a = Table();
        var b = Table();
        var u = Table();
        int[] pairs = [.. Enumerable.Range(0, Prime * Prime)];
        Shuffle(pairs, random);
        var count = pairs.Length * share / 100;
        var (training, test) = (pairs[..count], pairs[count..]);
        var config = new TrainingConfig { WeightDecay = (float)decay, Beta2 = 0.98f };
        var optimizer = new AdamW([("a", a), ("b", b), ("u", u)], config);
        var points = new List<object>();
        int? learned = null, understood = null;
        for (var step = 0; step <= Steps; step++)
        {
            if (step % 50 == 0)
            {
                var (trainLoss, train) = Measure(training);
                var (testLoss, right) = Measure(test);
                learned ??= train >= 0.99 ? step : null;
                understood ??= right >= 0.99 ? step : null;
                double[] point = [step, Math.Round(train, 4), Math.Round(right, 4), Math.Round(trainLoss, 5), Math.Round(testLoss, 4)];
                points.Add(point);
            }
            using var scope = new TensorScope();
            optimizer.ZeroGrad();
            Logits(training).CrossEntropy(Sums(training)).Backward();
            optimizer.Step(Rate);
        }
        Write("grokking.jsonl", new
        {
            seed,
            percent = share,
            decay,
            prime = Prime,
            hidden = Hidden,
            learning_rate = Rate,
            sigma = Sigma,
            learned,
            understood,
            one_wave = Math.Round(OneWave(a.ToArray()), 4),
            seconds = (int)clock.Elapsed.TotalSeconds,
            points,
        });

        Tensor Table()
        {
            var table = Tensor.Normal(random, 0, Sigma, Prime, Hidden);
            table.RequiresGrad = true;
            return table;
        }

        Tensor Logits(int[] which) => (a.Embedding(Tensor.From([.. which.Select(n => n / Prime)]))
            + b.Embedding(Tensor.From([.. which.Select(n => n % Prime)]))).Square().Linear(u);

        (double Loss, double Right) Measure(int[] which)
        {
            using var free = new NoGrad();
            using var scope = new TensorScope();
            var logits = Logits(which);
            var right = logits.ArgMax(-1).ToIntArray().Zip(which, (guess, n) => guess == (n / Prime + n % Prime) % Prime).Count(x => x);
            return (logits.CrossEntropy(Sums(which)).Item(), (double)right / which.Length);
        }
    }

    static Tensor Sums(int[] which) => Tensor.From([.. which.Select(n => (n / Prime + n % Prime) % Prime)]);

    // The share of a table's power that remains if each column keeps its strongest frequency only.
    static double OneWave(float[] table)
    {
        double kept = 0, all = 0;
        for (var h = 0; h < Hidden; h++)
        {
            var power = new double[Prime / 2];
            for (var k = 1; k <= power.Length; k++)
            {
                double cos = 0, sin = 0;
                for (var n = 0; n < Prime; n++)
                {
                    cos += table[n * Hidden + h] * Math.Cos(2 * Math.PI * k * n / Prime);
                    sin += table[n * Hidden + h] * Math.Sin(2 * Math.PI * k * n / Prime);
                }
                power[k - 1] = cos * cos + sin * sin;
            }
            kept += power.Max();
            all += power.Sum();
        }
        return kept / all;
    }
}

// A transformer of two blocks, trained on lists of random tokens that repeat after 12 to 28 places.
void InductionRuns()
{
    const int Vocabulary = 64, Width = 32, Heads = 2, Steps = 2000, Batch = 16, Every = 50;
    const float Rate = 0.01f;
    foreach (var seed in seeds)
        Run(seed);

    void Run(ulong seed)
    {
        if (Lines("induction.jsonl").Any(r => (ulong)r["seed"]! == seed))
            return;
        var clock = Stopwatch.StartNew();
        var shape = Shape(Vocabulary, Width, 2, Heads) with { TiedHead = false };
        var model = new Transformer(shape, new RandomStream(seed));
        var config = new TrainingConfig { Steps = Steps, LearningRate = Rate, Seed = seed };
        var optimizer = new AdamW(model.NamedParameters(), config);
        var parameters = model.Parameters().ToArray();
        var random = new RandomStream(seed, 1);
        var points = new List<object>();
        for (var step = 0; step <= Steps; step++)
        {
            if (step % Every == 0)
            {
                var (induction, previous) = Scores(model);
                var (before, after) = Losses(model, 24);
                points.Add(new { step, induction, previous, before, after });
            }
            if (step == Steps)
                break;
            using var scope = new TensorScope();
            optimizer.ZeroGrad();
            int[][] rows = [.. Enumerable.Range(0, Batch).Select(_ => Repeated(random, 12 + random.NextInt(17)))];
            var (inputs, labels) = Tensors(rows);
            var loss = model.Loss(inputs, labels).CrossEntropy;
            loss.Backward();
            var measured = Gradients.Measure(parameters, 1, loss);
            optimizer.Step(Rate * (float)config.Schedule.At(step, Steps), measured.Slice(0, 2, 1));
        }
        int[] distances = [2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 30, 32, 36, 40, 44];
        Write("induction.jsonl", new
        {
            seed,
            vocabulary = Vocabulary,
            width = Width,
            heads = Heads,
            batch = Batch,
            learning_rate = Rate,
            parameters = model.CountParameters(),
            switched_off = Enumerable.Range(0, 2 * Heads).Select(head => Losses(WithoutHead(model, head), 24).After),
            distances,
            after_distance = distances.Select(d => Losses(model, d).After),
            seconds = (int)clock.Elapsed.TotalSeconds,
            points,
        });
        if (seed == 1)
            new ModelCheckpoint { Model = model }.Save(Path.Combine(folder, "induction.safetensors"));
    }

    static int[] Repeated(RandomStream random, int distance)
    {
        int[] list = [.. Enumerable.Range(0, distance).Select(_ => random.NextInt(Vocabulary))];
        return [.. Enumerable.Range(0, 65).Select(i => list[i % distance])];
    }

    // The mean weight that each head puts on the token after the earlier copy, and on the token before the present one.
    static (double[] Induction, double[] Previous) Scores(Transformer model)
    {
        const int Rows = 16, Distance = 24, Time = 48;
        using var free = new NoGrad();
        using var scope = new TensorScope();
        var random = new RandomStream(99);
        int[] ids = [.. Enumerable.Range(0, Rows).SelectMany(_ => Repeated(random, Distance)[..Time])];
        var x = model.TokenEmbedding.Forward(Tensor.From(ids, Rows, Time));
        var (induction, previous, n) = (new double[2 * Heads], new double[2 * Heads], 0);
        foreach (var block in model.Blocks)
        {
            var p = block.Attention.Probabilities(block.AttentionNorm.Forward(x)).ToArray();
            for (var head = 0; head < Heads; head++, n++)
                for (var row = 0; row < Rows; row++)
                    for (var i = 1; i < Time; i++)
                    {
                        var start = ((row * Heads + head) * Time + i) * Time;
                        previous[n] += p[start + i - 1] / (Rows * (Time - 1));
                        if (i >= Distance)
                            induction[n] += p[start + i - Distance + 1] / (Rows * (Time - Distance));
                    }
            x = block.Forward(x, new ForwardContext());
        }
        return ([.. induction.Select(v => Math.Round(v, 4))], [.. previous.Select(v => Math.Round(v, 4))]);
    }

    // Nats per token before anything repeats, and where everything does.
    static (double Before, double After) Losses(Transformer model, int distance)
    {
        const int Rows = 64;
        using var free = new NoGrad();
        using var scope = new TensorScope();
        var random = new RandomStream(98);
        int[][] rows = [.. Enumerable.Range(0, Rows).Select(_ => Repeated(random, distance))];
        var p = model.Logits(Tensors(rows).Inputs).LogSoftmax().ToArray();
        double before = 0, after = 0;
        for (var row = 0; row < Rows; row++)
            for (var i = 0; i < 64; i++)
            {
                var nats = -p[(row * 64 + i) * Vocabulary + rows[row][i + 1]];
                if (i + 1 < distance)
                    before += nats / (Rows * (distance - 1));
                else if (i >= distance)
                    after += nats / (Rows * (64 - distance));
            }
        return (Math.Round(before, 4), Math.Round(after, 4));
    }

    // A copy in which one head adds nothing: its columns of the output matrix are zero.
    static Transformer WithoutHead(Transformer model, int head)
    {
        var copy = ModelCopy.Of(model);
        var output = copy.NamedParameters().First(p => p.Name == $"blocks.{head / Heads}.attention.output.weight").Tensor;
        var (w, size) = (output.ToArray(), Width / Heads);
        using var free = new NoGrad();
        for (var row = 0; row < Width; row++)
            Array.Clear(w, row * Width + head % Heads * size, size);
        output.CopyFrom(w);
        return copy;
    }
}

IEnumerable<JsonNode> Lines(string file) => File.Exists(Path.Combine(folder, file))
    ? File.ReadLines(Path.Combine(folder, file)).Select(line => JsonNode.Parse(line)!)
    : [];

void Write(string file, object record)
{
    var line = JsonSerializer.Serialize(record, json);
    File.AppendAllText(Path.Combine(folder, file), line + "\n");
    Console.WriteLine(line.Length > 160 ? line[..160] : line);
}
