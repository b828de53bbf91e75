using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>Where a training stands, as a checkpoint holds it.</summary>
public sealed class TrainingState
{
    /// <summary>How it is trained.</summary>
    public required TrainingConfig Config { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Tokens seen.</summary>
    public required long Tokens { get; init; }

    /// <summary>Position of the stream that batches are drawn from.</summary>
    public required ulong BatchPosition { get; init; }

    /// <summary>Position of the stream of dropout and router noise.</summary>
    public required ulong NoisePosition { get; init; }

    /// <summary>SHA-256 of the token ids trained on, so that resuming on other data is noticed.</summary>
    public required string DataHash { get; init; }

    /// <summary>The share of the data held out; null in checkpoints from before it was kept.</summary>
    public double? ValidationShare { get; init; }

    /// <summary>The lowest validation loss so far, for early stopping.</summary>
    public double? BestValidationLoss { get; init; }

    /// <summary>Evaluations since then.</summary>
    public int EvaluationsWithoutImprovement { get; init; }

    /// <summary>Where data, tokenizer and weights came from, where the training was told.</summary>
    public TrainingSource? Source { get; set; }

    /// <summary>The optimizer with its moments.</summary>
    [JsonIgnore]
    public Optimizer? Optimizer { get; set; }
}
