using System.Diagnostics;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Benchmarks;

/// <summary>The shape of a benchmark's model: a GPT with learned positions, norms before the sublayers, biases and a tied head.</summary>
internal sealed record ModelShape(int Layers, int Width, int Heads, int Context, int Batch, int Vocabulary, bool Experts = false)
{
    /// <summary>The shape of a letter, S, M (with experts for "moe"), L, which is GPT-2's.</summary>
    public static ModelShape Named(string letter, bool experts = false) => letter switch
    {
        "S" => new(4, 128, 4, 128, 16, 512, experts),
        "M" => new(6, 384, 6, 256, 8, 8192, experts),
        "L" => new(12, 768, 12, 256, 1, 50304, experts),
        _ => throw new ArgumentException($"There is no model shape \"{letter}\": S, M or L."),
    };

    public TransformerConfig Config()
    {
        // The exact GELU, since PyTorch has a vectorized kernel for it and none for the other.
        var network = new FeedForwardConfig(4 * Width, Activation.Gelu, Bias: !Experts);
        return new TransformerConfig
        {
            VocabularySize = Vocabulary,
            ContextLength = Context,
            Layers = Layers,
            HiddenSize = Width,
            Attention = new() { Heads = Heads, KeyValueHeads = Heads, HeadSize = Width / Heads, QueryKeyValueBias = true, OutputBias = true },
            FeedForward = network,
            MixtureOfExperts = Experts ? new() { Experts = 8, TopK = 2, Expert = network } : null,
            Norm = new(NormKind.LayerNorm, 1e-5f, Bias: true),
            TiedHead = true,
        };
    }
}

/// <summary>One benchmark: what it does once, and for how many tokens that counts.</summary>
internal sealed class ModelBenchmark
{
    public static readonly string[] Names = ["train_S", "train_M", "train_L", "moe_M", "fwd_S", "fwd_M", "fwd_L", "gen_M", "gen_L"];

    private readonly ModelShape _shape;
    private readonly Transformer _model;
    private readonly Func<int> _once;

    private ModelBenchmark(string kind, ModelShape shape)
    {
        _shape = shape;
        _model = new Transformer(shape.Config(), new RandomStream(1));
        var random = new Random(1);
        int[] Ids() => [.. Enumerable.Range(0, shape.Batch * shape.Context).Select(_ => random.Next(shape.Vocabulary))];
        var (ids, labels) = (Tensor.From(Ids(), shape.Batch, shape.Context), Tensor.From(Ids(), shape.Batch, shape.Context));
        var optimizer = new AdamW(_model.NamedParameters(), new TrainingConfig());
        _once = kind switch
        {
            "train" or "moe" => () => Train(ids, labels, optimizer),
            "fwd" => () => Forward(ids),
            "gen" => Generate,
            _ => throw new ArgumentException($"There is no benchmark of kind \"{kind}\": train, moe, fwd or gen."),
        };
        _once();
    }

    /// <summary>A benchmark by its name, such as train_S.</summary>
    public static ModelBenchmark Named(string name)
    {
        var parts = name.Split('_');
        if (parts.Length != 2) throw new ArgumentException($"\"{name}\" is no benchmark; there are {string.Join(", ", Names)}.");
        return new(parts[0], ModelShape.Named(parts[1], parts[0] == "moe"));
    }

    public static ModelBenchmark Train(ModelShape shape) => new("train", shape);

    /// <summary>Runs for some seconds; tokens per second, of the clock or of processor time.</summary>
    public double Measure(double seconds, bool processorTime = false)
    {
        var tokens = 0;
        var (start, begin) = (Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds) tokens += _once();
        return tokens / (processorTime ? Process.GetCurrentProcess().TotalProcessorTime - start : Stopwatch.GetElapsedTime(begin)).TotalSeconds;
    }

    private int Train(Tensor ids, Tensor labels, AdamW optimizer)
    {
        using var scope = new TensorScope();
        optimizer.ZeroGrad();
        _model.Loss(ids, labels, new ForwardContext { Training = true }).CrossEntropy.Backward();
        optimizer.Step(1e-4f);
        return (int)ids.Count;
    }

    private int Forward(Tensor ids)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        _model.Logits(ids);
        return (int)ids.Count;
    }

    private int Generate()
    {
        using var noGrad = new NoGrad();
        using var cache = new KeyValueCache(_shape.Layers, _shape.Context);
        var token = 1;
        for (var at = 0; at < _shape.Context; at++)
        {
            using var scope = new TensorScope();
            var logits = _model.Logits(Tensor.From([token], 1, 1), new ForwardContext { Cache = cache, LastPositionOnly = true });
            token = logits.Reshape(-1).ArgMax(0).ToIntArray()[0];
        }
        return _shape.Context;
    }
}
