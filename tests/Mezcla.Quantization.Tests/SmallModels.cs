using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Quantization.Tests;

/// <summary>Models small enough to train in a test, on a text with structure.</summary>
internal static class SmallModels
{
    public static readonly int[] Ids = [.. ArithmeticText.Lines(1500, 1).Select(c => (int)c % 64)];

    public static CalibrationText Calibration { get; } = CalibrationText.From(Ids, 32, 16);

    public static TransformerConfig Config(int experts = 0, bool gated = true, PositionKind positions = PositionKind.Rotary,
        bool tied = true) => new()
        {
            VocabularySize = 64,
            ContextLength = 32,
            Layers = 2,
            HiddenSize = 32,
            Attention = new() { Heads = 2, KeyValueHeads = 1, HeadSize = 16, QueryKeyValueBias = !gated },
            FeedForward = new(64, gated ? Activation.Silu : Activation.GeluTanh, gated, Bias: !gated),
            MixtureOfExperts = experts == 0 ? null : new() { Experts = experts, TopK = 2, Expert = new(32, Activation.Silu, Gated: true) },
            Positions = new(positions),
            Norm = gated ? new(NormKind.RmsNorm) : new(),
            TiedHead = tied,
            InitializerRange = 0.18f,
        };

    private static readonly Lazy<Transformer> TrainedDense = new(() => Train(new Transformer(Config(), new RandomStream(1)), 120)),
        TrainedExperts = new(() => Train(new Transformer(Config(experts: 4), new RandomStream(1)), 120));

    /// <summary>A copy of a trained model, and the same one every time.</summary>
    public static Transformer Dense() => ModelCopy.Of(TrainedDense.Value);

    public static Transformer Experts() => ModelCopy.Of(TrainedExperts.Value);

    public static Transformer Train(Transformer model, int steps, Action<Trainer>? run = null)
    {
        var trainer = Trainer(model, steps);
        if (run is null)
            trainer.Run();
        else
            run(trainer);
        return model;
    }

    public static Trainer Trainer(Transformer model, int steps) =>
        new(model, new TokenBatches(Ids),
            new TrainingConfig { Steps = steps, BatchSize = 8, LearningRate = 1e-2f, Schedule = new CosineSchedule { WarmupSteps = 5 } });

    /// <summary>Nats per token on the held-out end.</summary>
    public static double Loss(LanguageModel model) => Evaluation.CrossEntropy(model, Ids.AsSpan(Ids.Length * 9 / 10));

    public static float[] Logits(Transformer model)
    {
        using var noGrad = new NoGrad();
        return model.Logits(Tensor.From(Ids.AsSpan(0, 32), 1, 32)).ToArray();
    }
}
