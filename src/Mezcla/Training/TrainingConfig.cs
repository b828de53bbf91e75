using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>How a model is trained. On the CPU these settings, including the seed, determine the result to the bit.</summary>
public sealed record TrainingConfig
{
    /// <summary>Number of optimizer steps.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>Number of sequences in one forward pass.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Number of tokens in a sequence; 0 for the model's context length.</summary>
    public int SequenceLength { get; init; }

    /// <summary>Number of forward passes whose gradients are averaged for one step.</summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>Peak learning rate.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>How the learning rate changes over the steps.</summary>
    public LearningRateSchedule Schedule { get; init; } = new CosineSchedule { WarmupSteps = 20 };

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Weight decay, on matrices only.</summary>
    public float WeightDecay { get; init; } = 0.1f;

    /// <summary>Decay rate of the first moment, β₁.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay rate of the second moment, β₂.</summary>
    public float Beta2 { get; init; } = 0.95f;

    /// <summary>Gradients are clipped so that the norm of all of them together is at most this; 0 for no clipping.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>Seed of the batches, of dropout and of router noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of steps between evaluations on held-out data; 0 for one evaluation at the end only.</summary>
    public int EvaluationInterval { get; init; } = 100;

    /// <summary>Number of batches in an evaluation.</summary>
    public int EvaluationBatches { get; init; } = 8;

    /// <summary>Number of evaluations without improvement after which training stops; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>
    /// The precision to which factors of matrix products are rounded. Weights, moments and sums are always float32. Only some GPUs support
    /// another precision than float32.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ProductPrecision Precision { get; init; }

    /// <summary>Throws if a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names the setting and the value.</exception>
    public void Validate()
    {
        static void Check(bool holds, string what)
        {
            if (!holds)
                throw new ArgumentException($"Training: {what}.");
        }
        Check(Steps >= 1, $"{Steps} steps; at least 1 is needed");
        Check(BatchSize >= 1, $"a batch of {BatchSize} sequences; at least 1 is needed");
        Check(SequenceLength >= 0, $"sequences of {SequenceLength} tokens; it must be 0 or more");
        Check(AccumulationSteps >= 1, $"{AccumulationSteps} accumulation steps; at least 1 is needed");
        Check(LearningRate > 0 && float.IsFinite(LearningRate), $"a learning rate of {LearningRate}; it must be positive");
        Check(WeightDecay >= 0 && float.IsFinite(WeightDecay), $"a weight decay of {WeightDecay}; it must be 0 or more");
        Check(Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1, $"moment decays {Beta1} and {Beta2}; each must be at least 0 and below 1");
        Check(ClipNorm >= 0, $"a clipping norm of {ClipNorm}; it must be 0 or more");
        Check(EvaluationBatches >= 1, $"{EvaluationBatches} evaluation batches; at least 1 is needed");
    }
}

/// <summary>The optimizers of <see cref="Trainer"/>.</summary>
public enum OptimizerKind
{
    /// <summary>AdamW for everything.</summary>
    AdamW,

    /// <summary>Muon for the matrices inside the blocks, AdamW for the rest.</summary>
    Muon,
}
