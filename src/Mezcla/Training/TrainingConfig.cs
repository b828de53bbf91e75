using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>How a model is trained. Everything here and the seed decide the result to the bit on the CPU.</summary>
public sealed record TrainingConfig
{
    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; } = 300;

    /// <summary>Sequences in one forward pass.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Tokens of a sequence; 0 for the model's context.</summary>
    public int SequenceLength { get; init; }

    /// <summary>Forward passes whose gradients are averaged into one step.</summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>Peak learning rate.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>How the learning rate changes.</summary>
    public LearningRateSchedule Schedule { get; init; } = new CosineSchedule { WarmupSteps = 20 };

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.AdamW;

    /// <summary>Weight decay, on matrices only.</summary>
    public float WeightDecay { get; init; } = 0.1f;

    /// <summary>Decay of the first moment.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the second moment.</summary>
    public float Beta2 { get; init; } = 0.95f;

    /// <summary>Largest norm of all gradients together; 0 for no clipping.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>Seed of the batches, of dropout and of router noise.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps between evaluations on held-out data; 0 for one at the end only.</summary>
    public int EvaluationInterval { get; init; } = 100;

    /// <summary>Batches of an evaluation.</summary>
    public int EvaluationBatches { get; init; } = 8;

    /// <summary>Evaluations without improvement after which training stops; 0 for never.</summary>
    public int Patience { get; init; }

    /// <summary>What factors of products are rounded to; weights, moments and sums are float32
    /// in any case. Only some GPUs have another than float32.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ProductPrecision Precision { get; init; }

    /// <summary>Throws where a value is out of range.</summary>
    /// <exception cref="ArgumentException">Names the setting and its value.</exception>
    public void Validate()
    {
        static void Check(bool holds, string what)
        {
            if (!holds)
                throw new ArgumentException($"Training: {what}.");
        }
        Check(Steps >= 1, $"{Steps} steps; at least 1 is needed");
        Check(BatchSize >= 1, $"a batch of {BatchSize} sequences; at least 1 is needed");
        Check(SequenceLength >= 0, $"sequences of {SequenceLength} tokens");
        Check(AccumulationSteps >= 1, $"{AccumulationSteps} accumulation steps; at least 1 is needed");
        Check(LearningRate > 0 && float.IsFinite(LearningRate), $"a learning rate of {LearningRate}; it must be positive");
        Check(WeightDecay >= 0 && float.IsFinite(WeightDecay), $"a weight decay of {WeightDecay}; it must be 0 or more");
        Check(Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1, $"moment decays {Beta1} and {Beta2}; each must be at least 0 and below 1");
        Check(ClipNorm >= 0, $"a clipping norm of {ClipNorm}");
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
