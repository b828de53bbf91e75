using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>The state of a training, as it is saved in a checkpoint.</summary>
public sealed class TrainingState
{
    /// <summary>The settings of the training.</summary>
    public required TrainingConfig Config { get; init; }

    /// <summary>Number of steps completed.</summary>
    public required int Step { get; init; }

    /// <summary>Number of tokens seen.</summary>
    public required long Tokens { get; init; }

    /// <summary>Position of the stream that batches are drawn from.</summary>
    public required ulong BatchPosition { get; init; }

    /// <summary>Position of the stream of dropout and router noise.</summary>
    public required ulong NoisePosition { get; init; }

    /// <summary>SHA-256 of the token ids trained on, so that an attempt to resume with other data is detected.</summary>
    public required string DataHash { get; init; }

    /// <summary>The share of the data held out; null in older checkpoints, which did not save it.</summary>
    public double? ValidationShare { get; init; }

    /// <summary>The lowest validation loss so far, for early stopping.</summary>
    public double? BestValidationLoss { get; init; }

    /// <summary>Number of evaluations since that lowest loss.</summary>
    public int EvaluationsWithoutImprovement { get; init; }

    /// <summary>Where data, tokenizer and weights came from, if that is known.</summary>
    public TrainingSource? Source { get; set; }

    /// <summary>The optimizer with its moments.</summary>
    [JsonIgnore]
    public Optimizer? Optimizer { get; set; }
}
