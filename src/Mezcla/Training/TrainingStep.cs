namespace Mezcla.Training;

/// <summary>What one optimizer step measured.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">What was minimised, nats per token and weighted balance losses, mean over the step's tokens, before the step.</param>
/// <param name="CrossEntropy">Nats per token alone.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="GradientNorm">Norm of all gradients together before clipping.</param>
/// <param name="Tokens">Tokens seen so far.</param>
/// <param name="Seconds">Seconds since training began or was resumed.</param>
/// <param name="ValidationLoss">Nats per token on held-out data, where it was measured after this step.</param>
public sealed record TrainingStep(
    int Step, int Steps, double Loss, double CrossEntropy, double LearningRate, double GradientNorm, long Tokens, double Seconds,
    double? ValidationLoss = null);

/// <summary>What training ended with.</summary>
/// <param name="Steps">Every step of this run.</param>
/// <param name="Completed">False where it was cancelled or stopped early.</param>
/// <param name="StoppedEarly">Whether <see cref="TrainingConfig.Patience"/> ended it.</param>
public sealed record TrainingResult(IReadOnlyList<TrainingStep> Steps, bool Completed, bool StoppedEarly = false)
{
    /// <summary>The last training cross-entropy.</summary>
    public double FinalLoss => Steps[^1].CrossEntropy;

    /// <summary>The last validation loss; NaN where there was no held-out data.</summary>
    public double FinalValidationLoss => Steps.LastOrDefault(s => s.ValidationLoss is not null)?.ValidationLoss ?? double.NaN;
}
