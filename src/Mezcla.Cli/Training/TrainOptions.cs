using System.CommandLine;
using Mezcla.Cli.Shared;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Cli.Training;

/// <summary>The options of <c>mezcla train</c>, and the model and training configurations that they describe.</summary>
internal static class TrainOptions
{
    public static readonly Option<string?> Data = new("--data")
    {
        Description = "The text to train on: a UTF-8 text file, or the name of a corpus that comes with Mezcla, such as moby-dick. Join " +
            "several with + to mix them.",
    };
    public static readonly Option<FileInfo> Output = new("--output", "-o")
    {
        Description = "The file to save the model to.",
        DefaultValueFactory = _ => new FileInfo("model.safetensors"),
    };
    public static readonly Option<FileInfo?> Resume = new("--resume")
    {
        Description =
            "Continue the training saved in this checkpoint. On the CPU the result is the same, bit for bit, as if it had never stopped. "
            + "Of the other options, only --data, --output, --record, --checkpoint-every, --weights-only, --device and "
            + "--expert-parallel are used.",
    };
    public static readonly Option<int> CheckpointEvery = Number("--checkpoint-every",
        "Save a checkpoint every this many steps; 0 saves only at the end.", 0, least: 0);
    public static readonly Option<bool> WeightsOnly = new("--weights-only")
    {
        Description =
            "Save the finished model without the optimizer's state. The file is a third of the size, and --resume cannot continue it.",
    };
    public static readonly Option<FileInfo?> Record = new("--record")
    {
        Description = "Write the configuration and the measurements of every step to this file, as JSON lines. 'mezcla replay' repeats " +
            "the run from it.",
    };
    public static readonly Option<string?> Device = Devices.Option();
    public static readonly Option<int> ExpertParallel = Number("--expert-parallel",
        "Spread the experts of each block over this many processes, which mpiexec or srun must have started. With 1, each process " +
            "has all experts.", 1, least: 1);

    public static readonly Option<string> Tokenizer = new("--tokenizer")
    {
        Description = "bpe trains a byte-pair tokenizer on the text; characters makes one token of each character. "
            + $"Or name an encoding ({string.Join(", ", Encodings.Names)}) or a tokenizer file that 'mezcla tokenize' reads.",
        DefaultValueFactory = _ => TrainingInputs.BytePairs,
    };
    public static readonly Option<int> Vocabulary = Number("--vocabulary",
        "Vocabulary size, in tokens, of a tokenizer trained with bpe: 256 to 65536.", 512);
    public static readonly Option<int> Layers = Number("--layers", "Number of transformer blocks.", 4);
    public static readonly Option<int> Hidden = Number("--hidden",
        "Width of the residual stream, in numbers per token. It must be a multiple of twice --heads.", 128);
    public static readonly Option<int> Heads = Number("--heads", "Number of attention heads.", 4);
    public static readonly Option<int> Context = Number("--context", "Context length: the most tokens that the model sees at once.", 128);
    public static readonly Option<int> Experts = Number("--experts", "Number of experts in each block; 0 for a dense model.", 0);
    public static readonly Option<int> TopK = Number("--top-k",
        "Number of experts that compute each token. With 1, the expert's output is multiplied by its probability, as in the Switch " +
            "Transformer.", 2);
    public static readonly Option<float> Dropout = Fraction("--dropout",
        "Probability, from 0 to 1, that an activation is set to zero during training.", 0);

    public static readonly Option<int> Steps = Number("--steps", "Number of optimizer steps.", 300);
    public static readonly Option<int> Batch = Number("--batch", "Number of sequences in a batch.", 16);
    public static readonly Option<int> Accumulate = Number("--accumulate",
        "Number of batches whose gradients are averaged for one step. It has the effect of a larger batch without needing its memory.", 1);
    public static readonly Option<string> Optimizer = Choice("--optimizer",
        "adamw for all parameters, or muon for the matrices inside the blocks and adamw for the rest.", "adamw", "muon");
    public static readonly Option<string> Precision = Choice(
        "--precision",
        "Number format that the inputs of matrix products are rounded to; weights stay in float32. bfloat16 needs an NVIDIA GPU of " +
            "compute capability 8.0 or higher.", "float32", "bfloat16");
    public static readonly Option<float> LearningRate = Fraction("--learning-rate", "Peak learning rate.", 3e-3f);
    public static readonly Option<string> Schedule = Choice(
        "--schedule",
        "How the learning rate changes after the warm-up: cosine falls to a tenth of the peak; wsd stays at the peak and falls in the " +
            "last fifth of the steps; constant stays.", "cosine", "wsd", "constant");
    public static readonly Option<int?> Warmup = new("--warmup")
    {
        Description = "Number of steps in which the learning rate rises to its peak. [default: a tenth of --steps, at most 20]",
    };
    public static readonly Option<float> WeightDecay = Fraction("--weight-decay",
        "Weight decay of the matrices: each step shrinks them by this times the learning rate.", 0.1f);
    public static readonly Option<ulong> Seed = new("--seed")
    {
        Description = "Seed of the random numbers for weights, batches and dropout. The same seed gives the same model, bit for bit, on " +
            "the same device.",
        DefaultValueFactory = _ => 1UL,
    };
    public static readonly Option<double> Validation = new("--validation")
    {
        Description =
            "Fraction of the text, taken from its end, that is held out from training and used for evaluation: 0 or more and below 1.",
        DefaultValueFactory = _ => 0.1,
    };
    public static readonly Option<int> EvaluateEvery = Number("--evaluate-every",
        "Measure the loss on the held-out text every this many steps; 0 measures it only at the end.", 100, least: 0);
    public static readonly Option<string?> Quantize = new("--quantize")
    {
        Description = "Quantization-aware training: every forward pass rounds the matrices of the blocks to this format (TERNARY as in " +
            "BitNet b1.58, INT4_ABSMAX, Q4_0 and others), "
            +
            "and the backward pass ignores the rounding (the straight-through estimator). The finished model has the rounded weights. " +
            "[default: no rounding]",
    };
    public static readonly Option<int?> ActivationBits = new("--activation-bits")
    {
        Description = "With --quantize: the number of bits that activations are rounded to, 2 to 8; 0 does not round them. [default: 8 " +
            "for TERNARY, else 0]",
    };
    public static readonly Option<int> Patience = Number("--patience",
        "Stop early after this many evaluations in a row without a lower loss; 0 never stops early.", 0, least: 0);

    /// <summary>All options, in the order of the help text: files, model, training.</summary>
    public static IReadOnlyList<Option> All { get; } =
    [
        Data, Output, Resume, CheckpointEvery, WeightsOnly, Record, Device, ExpertParallel, Tokenizer, Vocabulary, Layers, Hidden, Heads,
        Context, Experts, TopK, Dropout,
        Steps, Batch, Accumulate, Optimizer, Precision, LearningRate, Schedule, Warmup, WeightDecay, Seed, Validation, EvaluateEvery,
        Patience, Quantize, ActivationBits,
    ];

    /// <summary>
    /// A model of Llama's architecture, or of Mixtral's if it has experts, so that llama.cpp and Hugging Face's transformers can run it
    /// too. With one expert per token the routing is the Switch Transformer's, which no other program's format
    /// describes: Mixtral's weights would always be 1, and no gradient of the loss would reach the router.
    /// </summary>
    /// <param name="parse">The command line.</param>
    /// <param name="vocabulary">Number of tokens in the vocabulary.</param>
    /// <exception cref="ArgumentException">The width cannot be divided into the heads.</exception>
    public static TransformerConfig Model(ParseResult parse, int vocabulary)
    {
        var (hidden, heads, experts, topK) = (parse.GetValue(Hidden), parse.GetValue(Heads), parse.GetValue(Experts), parse.GetValue(TopK));
        if (heads < 1 || hidden < 1 || hidden % (2 * heads) != 0)
            throw new ArgumentException(
                $"A width of {hidden} cannot be divided into {heads} heads of an even size: choose --hidden as a multiple of twice " +
                    "--heads.");
        // A gated network has three matrices instead of two, so 8/3 of the width gives it as many
        // parameters as 4 would without the gate. Quantization needs a multiple of 32.
        var network = new FeedForwardConfig((8 * hidden / 3 + 31) / 32 * 32, Activation.Silu, Gated: true);
        return new TransformerConfig
        {
            Name = experts == 0 ? "mezcla-dense" : $"mezcla-{experts}-experts",
            VocabularySize = vocabulary,
            ContextLength = parse.GetValue(Context),
            Layers = parse.GetValue(Layers),
            HiddenSize = hidden,
            Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = hidden / heads },
            FeedForward = network,
            Positions = new(PositionKind.Rotary),
            Norm = new(NormKind.RmsNorm, Bias: false),
            TiedHead = true,
            InitializerRange = 1 / MathF.Sqrt(hidden),
            Dropout = parse.GetValue(Dropout),
            MixtureOfExperts = experts == 0 ? null : new()
            {
                Experts = experts,
                TopK = topK,
                Expert = network,
                Routing = topK == 1 ? new SwitchRouting() : new TopKSoftmaxRouting(),
            },
        };
    }

    /// <summary>The configuration of the training.</summary>
    /// <param name="parse">The command line.</param>
    /// <exception cref="ArgumentException">The warm-up is negative.</exception>
    public static TrainingConfig Training(ParseResult parse)
    {
        var warmup = parse.GetValue(Warmup) ?? Math.Min(20, parse.GetValue(Steps) / 10);
        if (warmup < 0)
            throw new ArgumentException($"A warm-up of {warmup} steps is not possible: --warmup must be 0 or more.");
        return new()
        {
            Steps = parse.GetValue(Steps),
            BatchSize = parse.GetValue(Batch),
            AccumulationSteps = parse.GetValue(Accumulate),
            Optimizer = parse.GetValue(Optimizer) == "muon" ? OptimizerKind.Muon : OptimizerKind.AdamW,
            Precision = parse.GetValue(Precision) == "bfloat16" ? ProductPrecision.BFloat16 : ProductPrecision.Float32,
            LearningRate = parse.GetValue(LearningRate),
            WeightDecay = parse.GetValue(WeightDecay),
            Seed = parse.GetValue(Seed),
            EvaluationInterval = parse.GetValue(EvaluateEvery),
            Patience = parse.GetValue(Patience),
            Schedule = parse.GetValue(Schedule) switch
            {
                "wsd" => new WarmupStableDecaySchedule { WarmupSteps = warmup },
                "constant" => new ConstantSchedule { WarmupSteps = warmup },
                _ => new CosineSchedule { WarmupSteps = warmup },
            },
        };
    }

    // Values that the configurations' own validation refuses need no lower bound here.
    private static Option<int> Number(string name, string description, int value, int least = int.MinValue) =>
        NumberOption.Create(name, description, value, least);

    private static Option<float> Fraction(string name, string description, float value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
