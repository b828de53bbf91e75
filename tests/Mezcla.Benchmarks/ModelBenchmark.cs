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
        // For graphics cards; tiny only shows that a benchmark works.
        "tiny" => new(2, 32, 2, 32, 2, 128, experts),
        "3M" => new(4, 256, 4, 256, 32, 512, experts),
        "30M" => new(8, 512, 8, 512, 16, 8192, experts),
        "124M" => new(12, 768, 12, 1024, 16, 50304, experts),
        _ => throw new ArgumentException($"There is no model shape \"{letter}\": S, M or L, or for graphics cards 3M, 30M or 124M."),
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
            Attention = new()
            {
                Heads = Heads,
                KeyValueHeads = Heads,
                HeadSize = Width / Heads,
                QueryKeyValueBias = true,
                OutputBias = true
            },
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
    private readonly Device _device;
    private readonly Transformer _model;
    private readonly Func<int> _once;

    private ModelBenchmark(string kind, ModelShape shape, Device device)
    {
        (_shape, _device) = (shape, device);
        _model = new Transformer(shape.Config(), new RandomStream(1));
        _model.MoveTo(device);
        var random = new Random(1);
        int[] Ids() => [.. Enumerable.Range(0, shape.Batch * shape.Context).Select(_ => random.Next(shape.Vocabulary))];
        var (ids, labels) =
            (Tensor.From(Ids(), shape.Batch, shape.Context).To(device), Tensor.From(Ids(), shape.Batch, shape.Context).To(device));
        // Not made for generation, which needs no room for it.
        var optimizer = kind is "train" or "moe" ? new AdamW(_model.NamedParameters(), new TrainingConfig()) : null;
        _once = kind switch
        {
            "train" or "moe" => () => Train(ids, labels, optimizer!),
            "fwd" => () => Forward(ids),
            "gen" => () => Generate(1),
            _ => () => Generate(64),
        };
        _once();
    }

    /// <summary>A benchmark by its name, such as train_S.</summary>
    public static ModelBenchmark Named(string name, Device? device = null)
    {
        var (kind, shape) = Parse(name);
        return new(kind, shape, device ?? Device.Cpu);
    }

    /// <summary>What a name such as train_S means.</summary>
    public static (string Kind, ModelShape Shape) Parse(string name)
    {
        var parts = name.Split('_');
        return parts.Length == 2 && parts[0] is ("train" or "moe" or "fwd" or "gen" or "gen64")
            ? (parts[0], ModelShape.Named(parts[1], parts[0] == "moe"))
            : throw new ArgumentException($"\"{name}\" is no benchmark; there are {string.Join(", ", Names)}.");
    }

    public static ModelBenchmark Train(ModelShape shape) => new("train", shape, Device.Cpu);

    /// <summary>Of forward and backward, by the usual count: six for each parameter that a token
    /// meets, and attention's two products over half the context.</summary>
    public double FlopsPerTrainedToken
    {
        get
        {
            double experts = _shape.Experts
                ? _model.NamedParameters().Where(p => p.Tensor.Rank == 3).Sum(p => p.Tensor.Count)
                : 0, chosen = experts / 8 * 2;
            var met = _model.CountParameters() - experts + chosen - (double)_shape.Context * _shape.Width;
            return 6 * met + 6.0 * _shape.Layers * _shape.Context * _shape.Width;
        }
    }

    /// <summary>What one token at batch 1 must read: every parameter, of which products of bfloat16 keep a rounded copy.</summary>
    public double BytesPerToken => (_device.ProductPrecision == ProductPrecision.BFloat16 ? 2.0 : 4.0) * _model.CountParameters();

    /// <summary>Runs for some seconds; tokens per second, of the clock or of processor time.</summary>
    public double Measure(double seconds, bool processorTime = false)
        => Speed.Measure(() => _once(), _device.Kernels.Synchronize, seconds, processorTime);

    private int Train(Tensor ids, Tensor labels, AdamW optimizer)
    {
        using var scope = new TensorScope();
        optimizer.ZeroGrad();
        // The balance loss is part of a Mixture of Experts' step, and of its time.
        _model.Loss(ids, labels, new ForwardContext { Training = true }).Total.Backward();
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

    private int Generate(int batch)
    {
        using var noGrad = new NoGrad();
        using var cache = new KeyValueCache(_shape.Layers, _shape.Context);
        var tokens = new int[batch];
        tokens.AsSpan().Fill(1);
        for (var at = 0; at < _shape.Context; at++)
        {
            using var scope = new TensorScope();
            var logits = _model.Logits(Tensor.From(tokens, batch, 1).To(_device),
                new ForwardContext { Cache = cache, LastPositionOnly = true });
            tokens = logits.Reshape(batch, -1).ArgMax(-1).ToIntArray();
        }
        return batch * _shape.Context;
    }
}
