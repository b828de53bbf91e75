using System.Diagnostics;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Quantization.Studies;

/// <summary>Measures how much the loss of a model rises with fewer bits or fewer weights. Each study yields
/// its records one by one; the model itself is never changed.</summary>
/// <param name="name">The model's name for the records.</param>
/// <param name="model">A model with float weights, on the CPU.</param>
/// <param name="calibration">What methods may look at.</param>
/// <param name="held">Tokens that losses are measured on, which neither training nor calibration saw.</param>
/// <param name="trainedTokens">Tokens the model was trained on; null where that is not known.</param>
public sealed class QuantizationStudy(string name, Transformer model, CalibrationText calibration, int[] held, long? trainedTokens = null)
{
    private readonly Lazy<double> _before = new(() => Evaluation.CrossEntropy(model, held));

    /// <summary>Nats per token of the model as it is.</summary>
    public double LossBefore => _before.Value;

    /// <summary>Quantizes all matrices except the routers, in every format and by every method that supports it.</summary>
    /// <param name="formats">The formats; null for all.</param>
    /// <param name="methods">The methods; null for all.</param>
    public IEnumerable<StudyRecord> Formats(IEnumerable<NumberFormat>? formats = null, IReadOnlyList<QuantizationMethod>? methods = null)
    {
        foreach (var format in formats ?? NumberFormats.All.Where(f => f != FloatFormat.F32))
            foreach (var method in methods ?? QuantizationMethod.All)
            {
                if (method is SmoothQuant || method is Gptq or Awq { Clip: true } && !method.Supports(format, model.Config.HiddenSize)
                    || method is Awq && format is FloatFormat)
                    continue;
                if (Attempt(method, format) is { } record)
                    yield return record;
            }
    }

    /// <summary>Weights and activations in 8 bits: rounded without a method, by
    /// LLM.int8() with its outlier columns, and by SmoothQuant.</summary>
    public IEnumerable<StudyRecord> Activations()
    {
        yield return Quantized("w8a8", copy => Int8Quantization.Naive(copy, calibration));
        yield return Quantized("llm.int8()", copy => Int8Quantization.LlmInt8(copy, calibration));
        yield return Quantized("smoothquant", copy => Int8Quantization.SmoothQuant(copy, calibration, new SmoothQuant()));

        StudyRecord Quantized(string method, Func<Transformer, IReadOnlyList<Int8Result>> quantize)
        {
            var copy = ModelCopy.Of(model);
            var results = quantize(copy);
            return Record("activations", copy) with
            {
                Method = method,
                OutputError = results.Average(r => r.OutputError),
                Format = "INT8_ABSMAX",
                Part = "attention and dense networks, weights and activations",
                Bits = 8
            };
        }
    }

    /// <summary>Keys and values in fewer bits, a head's vector of a token at a time.</summary>
    public IEnumerable<StudyRecord> Cache()
    {
        var size = model.Config.Attention.HeadSize;
        foreach (var format in new NumberFormat[] { FloatFormat.F16, FloatFormat.E4M3, new AbsmaxFormat(8), new ZeroPointFormat(8),
            new AbsmaxFormat(4), new ZeroPointFormat(4), Nf4.Plain })
        {
            double sum = 0;
            using var noGrad = new NoGrad();
            var context = model.ContextLength;
            for (var start = 0; start < held.Length - 1; start += context)
            {
                using var scope = new TensorScope();
                var length = Math.Min(context, held.Length - 1 - start);
                using var cache = new QuantizedKeyValueCache(model.Config.Layers, length, format);
                var loss = model.Loss(Tensor.From(held.AsSpan(start, length), 1, length),
                    Tensor.From(held.AsSpan(start + 1, length), 1, length), new ForwardContext { Cache = cache });
                sum += loss.CrossEntropy.Item() * (double)length;
            }
            yield return Record("cache",
                sum / (held.Length - 1)) with
            { Format = format.Name, Part = "keys and values", Bits = format.BitsPerWeight(size) };
        }
    }

    /// <summary>One model rounded to nearest at fewer and fewer bits. Run on models trained for
    /// longer and longer, it shows whether overtrained models lose more.</summary>
    public IEnumerable<StudyRecord> Overtraining()
    {
        foreach (var format in new NumberFormat[] { new AbsmaxFormat(8), NumberFormats.Q6_K, NumberFormats.Q5_0, new AbsmaxFormat(4, 32),
            new AbsmaxFormat(4), NumberFormats.Q3_K, NumberFormats.Q2_K, new Ternary() })
            if (Attempt(new RoundToNearest(), format,
                m => m.Role is MatrixRole.Attention or MatrixRole.Network or MatrixRole.Expert) is { } record)
                yield return record with { Study = "overtraining", Part = "matrices of the blocks" };
    }

    /// <summary>Compares rounding after training with further training on rounded weights, and with the same further training without
    /// rounding.</summary>
    /// <param name="further">Makes a training of a copy, of some steps.</param>
    /// <param name="steps">Its steps.</param>
    /// <param name="formats">The formats, and the bits of activations, 0 for floats; null for the usual six.</param>
    public IEnumerable<StudyRecord> Training(Func<Transformer, Trainer> further, int steps,
        IEnumerable<(NumberFormat Format, int ActivationBits)>? formats = null)
    {
        const string Part = "matrices of the blocks";
        var plain = ModelCopy.Of(model);
        further(plain).Run();
        yield return Record("training", plain) with { Method = "none", Part = Part, RetrainedSteps = steps };
        foreach (var (format, activationBits) in formats ?? [(new AbsmaxFormat(8), 0), (new AbsmaxFormat(4), 0), (NumberFormats.Q4_0, 0),
            (NumberFormats.Q2_K, 0), (new Ternary(), 0), (new Ternary(), 8)])
        {
            Func<ModelMatrix, NumberFormat?> inner = m => m.Role is MatrixRole.Attention or MatrixRole.Network or MatrixRole.Expert
                ? format
                : null;
            if (activationBits == 0)
            {
                if (Attempt(new RoundToNearest(), format, m => inner(m) is not null) is not { } after)
                    continue;
                yield return after with { Study = "training", Part = Part };
            }
            var copy = ModelCopy.Of(model);
            using var rounding = new StraightThrough(copy, inner, activationBits);
            var clock = Stopwatch.StartNew();
            further(copy).Run();
            var seconds = clock.Elapsed.TotalSeconds;
            yield return Record("training", copy) with
            {
                Method = activationBits == 0
                    ? "straight-through"
                    : FormattableString.Invariant($"straight-through, activations in {activationBits} bits"),
                Format = format.Name,
                Part = Part,
                Bits = BitsOf(inner),
                RetrainedSteps = steps,
                Seconds = seconds,
            };
        }

        double BitsOf(Func<ModelMatrix, NumberFormat?> formats)
        {
            var matrices = ModelMatrix.Of(model).Where(m => formats(m) is not null).ToList();
            return 8.0 * matrices.Sum(m => MatrixCodec.ByRow(formats(m)!, m.Columns)
                ? m.Rows * formats(m)!.BytesFor(m.Columns)
                : formats(m)!.BytesFor((long)m.Rows * m.Columns)) / matrices.Sum(m => (long)m.Rows * m.Columns);
        }
    }

    /// <summary>Experts, attention and router by themselves and together; then mixed precision by how often experts are used.</summary>
    /// <exception cref="InvalidOperationException">The model has no experts.</exception>
    public IEnumerable<StudyRecord> Experts()
    {
        if (model.Config.MixtureOfExperts is not { } config)
            throw new InvalidOperationException($"{name} has no experts.");
        NumberFormat[] formats = [new AbsmaxFormat(8), NumberFormats.Q6_K, NumberFormats.Q5_0, new AbsmaxFormat(4, 32), NumberFormats.Q3_K,
            NumberFormats.Q2_K, new Ternary()];
        foreach (var roles in new MatrixRole[][] { [MatrixRole.Expert], [MatrixRole.Attention], [MatrixRole.Router],
            [MatrixRole.Expert, MatrixRole.Attention, MatrixRole.Router] })
            foreach (var format in formats)
                if (Attempt(new RoundToNearest(), format, m => roles.Contains(m.Role)) is { } record)
                    yield return record with { Study = "experts", Part = string.Join(" + ", roles).ToLowerInvariant() };
        var use = ExpertPruning.Use(model, calibration);
        NumberFormat wide = new AbsmaxFormat(8), narrow = NumberFormats.Q2_K;
        for (var count = 0; count <= config.Experts; count += Math.Max(1, config.Experts / 4))
            foreach (var least in count > 0 && count < config.Experts ? new[] { false, true } : [false])
                yield return Attempt(new RoundToNearest(), ExpertPrecision.ByUse(use, count, wide, narrow, leastUsed: least),
                    $"{wide} and {narrow}")! with
                {
                    Study = "experts",
                    Part = FormattableString.Invariant(
                        $"{count} {(least ? "least" : "most")} used experts of a layer in {wide}, the others in {narrow}"),
                };
    }

    /// <summary>Prunes by each method at several sparsities, and measures how much of the loss training afterwards recovers.</summary>
    /// <param name="retrain">Makes a training of a pruned model of some steps; null for none.</param>
    /// <param name="steps">Its steps.</param>
    public IEnumerable<StudyRecord> Pruning(Func<Transformer, Trainer>? retrain = null, int steps = 0)
    {
        foreach (var pattern in new double[] { 0.3, 0.5, 0.7, 0.8, 0.9, 0.95 }.Select(PruningPattern.Share)
            .Append(PruningPattern.TwoOfFour))
            foreach (var method in PruningMethod.All)
            {
                if (pattern.Of > 0 && method is MagnitudePruning { Global: true })
                    continue;
                var copy = ModelCopy.Of(model);
                var clock = Stopwatch.StartNew();
                var mask = method.Prune(copy, pattern, calibration);
                var record = Record("pruning",
                    copy) with
                {
                    Method = method.Name,
                    Part = pattern.Of > 0 ? $"{pattern.Kept}:{pattern.Of}" : null,
                    Sparsity = mask.Sparsity,
                    Seconds = clock.Elapsed.TotalSeconds
                };
                yield return record;
                if (retrain is null || method is MagnitudePruning { Global: false } or Wanda && pattern.Of == 0)
                    continue;
                mask.Retrain(retrain(copy));
                yield return Record("pruning",
                    copy) with
                { Method = method.Name, Part = record.Part, Sparsity = mask.Sparsity, RetrainedSteps = steps };
            }
        if (model.Config.MixtureOfExperts is not { } config)
            yield break;
        for (var keep = config.Experts - 1; keep >= config.TopK; keep--)
        {
            var smaller = ExpertPruning.Prune(model, keep, calibration);
            yield return Record("pruning", smaller) with
            {
                Method = "experts by use",
                Part = $"{keep} of {config.Experts} experts",
                Sparsity = 1 - smaller.CountParameters() / (double)model.CountParameters()
            };
        }
    }

    private StudyRecord? Attempt(QuantizationMethod method, NumberFormat format, Func<ModelMatrix, bool>? which = null)
    {
        which ??= m => m.Role != MatrixRole.Router;
        // Blocks that do not even divide a whole matrix.
        if (format is BlockFormat block && ModelMatrix.Of(model).Where(which).Any(m => m.Rows * m.Columns % block.BlockSize != 0))
            return null;
        return Attempt(method, m => which(m) ? format : null, format.Name);
    }

    private StudyRecord Attempt(QuantizationMethod method, Func<ModelMatrix, NumberFormat?> format, string formatName)
    {
        var copy = ModelCopy.Of(model);
        var clock = Stopwatch.StartNew();
        var results = PostTraining.Quantize(copy, method, format, calibration);
        var seconds = clock.Elapsed.TotalSeconds;
        var change = model.Config.MixtureOfExperts is null ? default(RoutingChange?) : RoutingChange.Between(model, copy, calibration)[^1];
        return Record("formats", copy) with
        {
            Method = method.Name,
            Format = formatName,
            Bits = 8.0 * results.Sum(r => r.Encoded.LongLength) / results.Sum(r => (long)r.Matrix.Rows * r.Matrix.Columns),
            OutputError = results.Where(r => !double.IsNaN(r.OutputError)).Select(r => (double?)r.OutputError).Average(),
            ExpertsChanged = change?.SetChanged,
            FirstExpertChanged = change?.FirstChanged,
            Seconds = seconds,
        };
    }

    private StudyRecord Record(string study, Transformer changed) => Record(study, Evaluation.CrossEntropy(changed, held));

    private StudyRecord Record(string study, double loss) => new()
    {
        Study = study,
        Model = name,
        Parameters = model.CountParameters(),
        TrainedTokens = trainedTokens,
        LossBefore = LossBefore,
        Loss = loss,
    };
}
