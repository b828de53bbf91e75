using System.CommandLine;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Cli.Commands;

/// <summary>The options of <c>mezcla train</c>, and the configurations they describe.</summary>
internal static class TrainOptions
{
    public static readonly Option<string?> Data = new("--data") { Description = "A UTF-8 text file, or the name of a corpus that comes with Mezcla (such as moby-dick); several joined by + are mixed." };
    public static readonly Option<FileInfo> Output = new("--output", "-o") { Description = "Where the model is saved.", DefaultValueFactory = _ => new FileInfo("model.safetensors") };
    public static readonly Option<FileInfo?> Resume = new("--resume") { Description = "Go on with the training of this checkpoint, to the same bits as without the break; only --data, --output, --record, --checkpoint-every and --device are then read." };
    public static readonly Option<int> CheckpointEvery = Number("--checkpoint-every", "Steps between checkpoints; 0 for one at the end only.", 0, least: 0);
    public static readonly Option<bool> WeightsOnly = new("--weights-only") { Description = "Save a finished model without what --resume needs: a third of the size." };
    public static readonly Option<FileInfo?> Record = new("--record") { Description = "Write configuration and every step as JSON lines to this file, from which mezcla replay runs it again." };
    public static readonly Option<string?> Device = Devices.Option();

    public static readonly Option<string> Tokenizer = new("--tokenizer")
    {
        Description = $"bpe trains one on the text, characters has a token for each character; or an encoding ({string.Join(", ", Encodings.Names)}), or a file that mezcla tokenize reads.",
        DefaultValueFactory = _ => TrainingInputs.BytePairs,
    };
    public static readonly Option<int> Vocabulary = Number("--vocabulary", "Tokens of the tokenizer where it is trained (256 to 65536).", 512);
    public static readonly Option<int> Layers = Number("--layers", "Transformer blocks.", 4);
    public static readonly Option<int> Hidden = Number("--hidden", "Width of the residual stream.", 128);
    public static readonly Option<int> Heads = Number("--heads", "Attention heads; they divide the width.", 4);
    public static readonly Option<int> Context = Number("--context", "Tokens the model sees at once.", 128);
    public static readonly Option<int> Experts = Number("--experts", "Experts in each block; 0 for a dense model.", 0);
    public static readonly Option<int> TopK = Number("--top-k", "Experts that a token uses.", 2);
    public static readonly Option<float> Dropout = Fraction("--dropout", "Probability that an activation is dropped in training.", 0);

    public static readonly Option<int> Steps = Number("--steps", "Optimizer steps.", 300);
    public static readonly Option<int> Batch = Number("--batch", "Sequences in a batch.", 16);
    public static readonly Option<int> Accumulate = Number("--accumulate", "Batches whose gradients make one step: the effect of a larger batch in the memory of a small one.", 1);
    public static readonly Option<string> Optimizer = Choice("--optimizer", "adamw, or muon for the matrices inside the blocks.", "adamw", "muon");
    public static readonly Option<string> Precision = Choice("--precision", "What factors of products are rounded to; bfloat16 needs an NVIDIA GPU from compute capability 8.0 on. Weights stay float32.", "float32", "bfloat16");
    public static readonly Option<float> LearningRate = Fraction("--learning-rate", "Peak learning rate.", 3e-3f);
    public static readonly Option<string> Schedule = Choice("--schedule", "After the warm-up: cosine falls to a tenth of the peak, wsd stays and falls in the last fifth, constant stays.", "cosine", "wsd", "constant");
    public static readonly Option<int?> Warmup = new("--warmup") { Description = "Steps in which the learning rate grows to its peak; by default a tenth of all, at most 20." };
    public static readonly Option<float> WeightDecay = Fraction("--weight-decay", "Pull of matrices towards zero.", 0.1f);
    public static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of weights, batches and noise: the same seed gives the same model to the bit.", DefaultValueFactory = _ => 1UL };
    public static readonly Option<double> Validation = new("--validation") { Description = "Share of the text held out at its end.", DefaultValueFactory = _ => 0.1 };
    public static readonly Option<int> EvaluateEvery = Number("--evaluate-every", "Steps between evaluations on held-out text; 0 for one at the end only.", 100, least: 0);
    public static readonly Option<string?> Quantize = new("--quantize")
    {
        Description = "Quantization-aware training: in every forward pass the matrices of the blocks are rounded to this format (TERNARY as BitNet b1.58, INT4_ABSMAX, Q4_0, ...), gradients go straight through. The finished model has the rounded weights.",
    };
    public static readonly Option<int?> ActivationBits = new("--activation-bits") { Description = "With --quantize, bits that activations are rounded to (2 to 8; 0 for none); without it 8 for TERNARY, else 0." };
    public static readonly Option<int> Patience = Number("--patience", "Evaluations without improvement after which training stops; 0 for never.", 0, least: 0);

    /// <summary>In the order of the help text: files, model, training.</summary>
    public static IReadOnlyList<Option> All { get; } =
    [
        Data, Output, Resume, CheckpointEvery, WeightsOnly, Record, Device, Tokenizer, Vocabulary, Layers, Hidden, Heads, Context, Experts, TopK, Dropout,
        Steps, Batch, Accumulate, Optimizer, Precision, LearningRate, Schedule, Warmup, WeightDecay, Seed, Validation, EvaluateEvery, Patience, Quantize, ActivationBits,
    ];

    /// <summary>A model of Llama's shape, or with experts of Mixtral's: what llama.cpp and Hugging Face's transformers can run too.</summary>
    /// <exception cref="ArgumentException">Sizes that do not fit each other.</exception>
    public static TransformerConfig Model(ParseResult parse, int vocabulary)
    {
        var (hidden, heads, experts) = (parse.GetValue(Hidden), parse.GetValue(Heads), parse.GetValue(Experts));
        if (heads < 1 || hidden < 1 || hidden % (2 * heads) != 0)
            throw new ArgumentException($"A width of {hidden} does not divide into {heads} heads of an even size: choose --hidden as a multiple of twice --heads.");
        // Three matrices in the place of two: 8/3 of the width in the place of 4 has as many numbers. A multiple of 32, so that it can be quantized.
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
            MixtureOfExperts = experts == 0 ? null : new() { Experts = experts, TopK = parse.GetValue(TopK), Expert = network },
        };
    }

    /// <summary>How it is trained.</summary>
    public static TrainingConfig Training(ParseResult parse)
    {
        var warmup = parse.GetValue(Warmup) ?? Math.Min(20, parse.GetValue(Steps) / 10);
        if (warmup < 0) throw new ArgumentException($"A warm-up of {warmup} steps is not possible: choose 0 or more.");
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

    // What the model's and the training's configurations refuse themselves needs no bound here.
    private static Option<int> Number(string name, string description, int value, int least = int.MinValue) => NumberOption.Create(name, description, value, least);

    private static Option<float> Fraction(string name, string description, float value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
