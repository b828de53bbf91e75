using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Training;

namespace Mezcla.Experiments.Laboratory;

/// <summary>The models of the experiments: three blocks of width 48, small enough for many seeds on a laptop.</summary>
internal static class SmallModels
{
    public const int Width = 48, Intermediate = 128, BatchSize = 16, Context = 64, Steps = 500;

    /// <summary>A dense model with rotary positions and SwiGLU networks.</summary>
    public static TransformerConfig Dense(int intermediate = Intermediate, int vocabulary = 256) => new()
    {
        Name = $"dense-3x{Width}",
        VocabularySize = vocabulary,
        ContextLength = Context,
        Layers = 3,
        HiddenSize = Width,
        Attention = new() { Heads = 3, KeyValueHeads = 3, HeadSize = 16 },
        FeedForward = new(intermediate, Activation.Silu, Gated: true),
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm, 1e-5f, Bias: false),
        TiedHead = true,
        InitializerRange = 0.14f, // 1/√48
    };

    /// <summary>The same model with experts. The experts that compute a token are together as wide as the dense network.</summary>
    public static TransformerConfig Experts(int experts = 8, int topK = 2, int vocabulary = 256) =>
        With(Dense(vocabulary: vocabulary), new()
        {
            Experts = experts,
            TopK = topK,
            Expert = new(Intermediate / topK, Activation.Silu, Gated: true),
        });

    public static TransformerConfig With(TransformerConfig dense, MixtureOfExpertsConfig experts) =>
        dense with { Name = $"moe-3x{Width}-{experts.TopK}of{experts.Experts}", MixtureOfExperts = experts };

    public static TransformerConfig Changed(TransformerConfig model, Func<MixtureOfExpertsConfig, MixtureOfExpertsConfig> change) =>
        model with { MixtureOfExperts = change(model.MixtureOfExperts!) };

    public static TrainingConfig Training(ulong seed, int steps = Steps) => new()
    {
        Steps = steps,
        BatchSize = BatchSize,
        LearningRate = 5e-3f,
        Schedule = new CosineSchedule { WarmupSteps = Math.Max(1, steps / 20) },
        Seed = seed,
        EvaluationInterval = 0,
        EvaluationBatches = 1,
    };

    /// <summary>The number of steps of <paramref name="model"/> that takes as many FLOPs as <paramref name="steps"/> steps of another
    /// model.</summary>
    public static int EqualFlops(TransformerConfig model, TransformerConfig other, int steps = Steps) =>
        (int)Math.Round(steps * FlopCount.Of(other).TrainingPerToken / FlopCount.Of(model).TrainingPerToken);
}
