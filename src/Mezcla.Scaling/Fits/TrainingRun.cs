namespace Mezcla.Scaling.Fits;

/// <summary>One training: the model's size, the number of training tokens, and the loss that was measured.</summary>
/// <param name="Parameters">Model size, N.</param>
/// <param name="Tokens">Tokens trained on, D.</param>
/// <param name="Loss">Loss in nats per token.</param>
/// <param name="Flops">Training compute in FLOPs if it was counted; null for 6·N·D.</param>
public sealed record TrainingRun(double Parameters, double Tokens, double Loss, double? Flops = null)
{
    /// <summary>Training compute in FLOPs.</summary>
    public double Compute => Flops ?? 6 * Parameters * Tokens;
}

/// <summary>The difference between a fit and one run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Predicted">The fit's loss.</param>
/// <param name="Difference">Measured loss minus predicted loss, in nats.</param>
public sealed record Residual(TrainingRun Run, double Predicted, double Difference)
{
    internal static Residual Of(TrainingRun run, double predicted) => new(run, predicted, run.Loss - predicted);
}

/// <summary>The runs do not determine the fit; the message says what is missing.</summary>
public sealed class FitException(string message) : InvalidOperationException(message);
