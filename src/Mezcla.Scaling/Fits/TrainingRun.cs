namespace Mezcla.Scaling.Fits;

/// <summary>One measured point: a model of this size after this many tokens has this loss.</summary>
/// <param name="Parameters">Model size, N.</param>
/// <param name="Tokens">Tokens trained on, D.</param>
/// <param name="Loss">Loss in nats per token.</param>
/// <param name="Flops">Training compute where it was counted; null for 6·N·D.</param>
public sealed record TrainingRun(double Parameters, double Tokens, double Loss, double? Flops = null)
{
    /// <summary>Training compute in FLOPs.</summary>
    public double Compute => Flops ?? 6 * Parameters * Tokens;
}

/// <summary>How far a fit is from one run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Predicted">The fit's loss.</param>
/// <param name="Difference">Measured less predicted, in nats.</param>
public sealed record Residual(TrainingRun Run, double Predicted, double Difference)
{
    internal static Residual Of(TrainingRun run, double predicted) => new(run, predicted, run.Loss - predicted);
}

/// <summary>The runs do not determine what was to be fitted; the message says what is missing.</summary>
public sealed class FitException(string message) : InvalidOperationException(message);
