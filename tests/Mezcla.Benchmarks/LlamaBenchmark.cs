using System.Diagnostics;
using System.Globalization;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Layers;
using Mezcla.Tensors;
using Mezcla.Tensors.Cpu;
using Mezcla.Tokenization;
using Mezcla.Weights;

namespace Mezcla.Benchmarks;

/// <summary>
/// Generation and prompts of a Llama of 16 layers and width 2048 with random weights, or of a mixture in the shape of OLMoE-1B-7B, from one
/// GGUF file, in turn with llama.cpp: medians of ratios of neighbouring runs, each side with the number of threads that suits it best.
/// </summary>
internal static class LlamaBenchmark
{
    // Tokens of the first prompt of a process.
    private const int First = 8;

    private static TransformerConfig Config(int layers) => new()
    {
        Name = "llama",
        VocabularySize = 32000,
        ContextLength = 1024,
        Layers = layers,
        HiddenSize = 2048,
        Attention = new() { Heads = 32, KeyValueHeads = 8, HeadSize = 64 },
        FeedForward = new(5632, Activation.Silu, Gated: true),
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm),
        TiedHead = true,
    };

    private static TransformerConfig Olmoe(int layers) => new()
    {
        Name = "olmoe",
        VocabularySize = 50304,
        ContextLength = 1024,
        Layers = layers,
        HiddenSize = 2048,
        Attention = new() { Heads = 16, KeyValueHeads = 16, HeadSize = 128, LearnedQueryKeyNorm = QueryKeyNormSpan.Projection },
        FeedForward = new(1024, Activation.Silu, Gated: true),
        MixtureOfExperts = new()
        {
            Experts = 64,
            TopK = 8,
            Expert = new(1024, Activation.Silu, Gated: true),
            Routing = new SoftmaxTopKRouting(),
        },
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm, Bias: false),
    };

    /// <param name="mixture">Whether the model is a mixture in the shape of OLMoE-1B-7B.</param>
    /// <param name="formats">Q8_0, Q4_0, ...; F32 is ours only.</param>
    /// <param name="peer">Where node-llama-cpp is installed; null for ours alone.</param>
    /// <param name="threads">Numbers of threads to try.</param>
    /// <param name="rounds">Measurements of each side.</param>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="generated">Tokens to generate behind it.</param>
    /// <param name="layers">Blocks.</param>
    public static int Run(bool mixture, string[] formats, string? peer, int[] threads, int rounds, int prompt, int generated, int layers)
    {
        var folder = Path.Combine(Path.GetTempPath(), "mezcla-llama-benchmark");
        Directory.CreateDirectory(folder);
        var name = mixture ? "olmoe" : "llama";
        Console.WriteLine($"{name}, {layers} layers, width 2048, prompt of {prompt}, then {generated} tokens; here {Simd.Level}");
        foreach (var format in formats)
        {
            var path = Path.Combine(folder, FormattableString.Invariant($"{name}-{layers}-{format}.gguf"));
            // What made the file, or the format before, has left memory that would pass for this one's.
            var fresh = format == formats[0] && File.Exists(path);
            if (!File.Exists(path))
                Write(path, format, mixture ? Olmoe(layers) : Config(layers));
            Compare(fresh, format, path, format == "F32" ? null : peer, threads, rounds, prompt, generated);
        }
        return 0;
    }

    private static void Compare(bool fresh, string format, string path, string? peer, int[] threads, int rounds, int prompt, int generated)
    {
        var before = Memory();
        var start = Stopwatch.GetTimestamp();
        CpuThreads.Count = threads[^1];
        using var ours = new Ours(path);
        ours.Measure(First, 1);
        var first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using var theirs = peer is null ? null : new LlamaPeer(peer, path);
        theirs?.Measure(threads[^1], First, 1);
        var peers = theirs is null ? "" : FormattableString.Invariant($", llama.cpp {theirs.SinceLoading:F2} s");
        Console.WriteLine(FormattableString.Invariant(
            $"{format}: from opening the file to a token behind a prompt of {First}: Mezcla {first:F2} s{peers}"));
        ours.ReadAll();
        var loaded = Memory() - before;
        ours.Measure(prompt, generated);
        var working = Memory() - before - loaded;
        var expected = new FileInfo(path).Length + ours.CacheBytes;
        var grown = fresh
            ? string.Create(CultureInfo.InvariantCulture,
                $"the process grew by {loaded / 1e6:F1} MB, {(double)loaded / expected:F3} times file and cache, and " +
                    $"by {working / 1e6:F1} MB for the activations of the prompt")
            : "what the process grew by is measured for the first format of a call whose file is there already";
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"{format}: file {new FileInfo(path).Length / 1e6:F1} MB and cache {ours.CacheBytes / 1e6:F1} MB; matrices " +
                    $"take {ours.MatrixBytes / 1e6:F1} MB; {grown}"));
        var own = Best(threads, n => Own(n, prompt));
        var other = theirs is null ? own : Best(threads, n => theirs.Measure(n, prompt, generated));
        var runs = Enumerable.Range(0, rounds)
            .Select(
                _ => (Ours: Both(own, n => Own(n, prompt)),
                    Theirs: theirs is null ? default : Both(other, n => theirs.Measure(n, prompt, generated)))).ToList();
        Report("generate", own.Generate, other.Generate, runs.Select(r => (r.Ours.Generate, r.Theirs.Generate)));
        Report("prompt", own.Prompt, other.Prompt, runs.Select(r => (r.Ours.Prompt, r.Theirs.Prompt)));

        (double Prompt, double Generate) Own(int n, int length)
        {
            CpuThreads.Count = n;
            return ours.Measure(length, generated);
        }

        void Report(string what, int ownThreads, int otherThreads, IEnumerable<(double Ours, double Theirs)> pairs)
        {
            var all = pairs.ToList();
            var ratios = all.Select(p => p.Ours / p.Theirs).Order().ToArray();
            var against = theirs is null
                ? ""
                : string.Create(CultureInfo.InvariantCulture,
                    $"  llama.cpp {Median(all.Select(p => p.Theirs)),7:F1} ({otherThreads} threads)  " +
                        $"ratio {ratios[ratios.Length / 2]:F2} [{ratios[0]:F2} .. {ratios[^1]:F2}]");
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{format,-6} {what,-9} Mezcla {Median(all.Select(p => p.Ours)),7:F1} tokens/s ({ownThreads} threads){against}"));
        }
    }

    /// <summary>The numbers of threads with the highest speeds.</summary>
    private static (int Prompt, int Generate) Best(int[] threads, Func<int, (double Prompt, double Generate)> measure)
    {
        var speeds = threads.Select(n => (Threads: n, Speed: measure(n))).ToList();
        return (speeds.MaxBy(s => s.Speed.Prompt).Threads, speeds.MaxBy(s => s.Speed.Generate).Threads);
    }

    private static (double Prompt, double Generate) Both((int Prompt, int Generate) threads,
        Func<int, (double Prompt, double Generate)> measure)
    {
        var speed = measure(threads.Generate);
        return threads.Prompt == threads.Generate ? speed : (measure(threads.Prompt).Prompt, speed.Generate);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static long Memory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static void Write(string path, string format, TransformerConfig config)
    {
        var counts = Weights.Gguf.GgufNames.For(config).Recipes.ToDictionary(r => r.Name, r => (int)r.Count);
        var random = new Random(1);
        var values = new float[1 << 20];
        for (var i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() - 0.5f) * 0.07f;
        var shapes = new Dictionary<string, float[]>();
        ModelWriter.WriteGguf(path, config, BytePairTokenizer.Train(Datasets.Corpus.Load("moby-dick").Text[..100_000], 512), name =>
        {
            var count = counts[name];
            if (name.Contains("norm", StringComparison.Ordinal))
                return [.. Enumerable.Repeat(1f, count)];
            if (shapes.TryGetValue(name, out var made))
                return made;
            shapes.Clear();
            var weights = new float[count];
            for (var at = 0; at < count; at += values.Length)
                values.AsSpan(0, Math.Min(values.Length, count - at)).CopyTo(weights.AsSpan(at));
            return shapes[name] = weights;
        }, QuantizationMix.Parse(format));
    }

    /// <summary>The model in this process.</summary>
    private sealed class Ours : IDisposable
    {
        private readonly Transformer _model;
        private readonly KeyValueCache _cache;
        private readonly ModelSource _source;

        public Ours(string path)
        {
            _source = ModelSource.Open(path);
            _model = _source.Load(expertsOnDemand: true);
            _cache = new(_model.Config.Layers, _model.Config.ContextLength);
        }

        /// <summary>Bytes of the quantized matrices.</summary>
        public long MatrixBytes => _model.QuantizedBytes();

        /// <summary>Reads the experts that no token has chosen yet.</summary>
        public void ReadAll()
        {
            foreach (var layer in _model.NamedModules().Select(m => m.Module).OfType<IQuantizedLayer>())
                foreach (var matrix in layer.Matrices)
                    matrix.ReadRow(0, new float[matrix.Columns]);
        }

        public long CacheBytes => _cache.Bytes;

        public (double Prompt, double Generate) Measure(int prompt, int generate)
        {
            using var noGrad = new NoGrad();
            _cache.Truncate(0);
            var start = Stopwatch.GetTimestamp();
            var token = Next([.. Enumerable.Range(0, prompt).Select(i => 100 + i * 7 % 300)]);
            var read = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            for (var i = 0; i < generate; i++)
                token = Next([token]);
            return (prompt / read, generate / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        public void Dispose()
        {
            _cache.Dispose();
            _source.Dispose();
        }

        private int Next(int[] ids)
        {
            using var scope = new TensorScope();
            var logits = _model.Logits(Tensor.From(ids, 1, ids.Length), new ForwardContext { Cache = _cache, LastPositionOnly = true });
            return logits.Reshape(-1).ArgMax(0).ToIntArray()[0];
        }
    }
}
