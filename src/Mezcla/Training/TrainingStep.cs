namespace Mezcla.Training;

/// <summary>The measurements of one optimizer step.</summary>
/// <param name="Step">The number of the step, from 1.</param>
/// <param name="Steps">The total number of steps.</param>
/// <param name="Loss">The minimised loss, cross-entropy in nats per token plus weighted balance losses: the mean over the step's tokens,
/// before the parameters changed.</param>
/// <param name="CrossEntropy">The cross-entropy alone, in nats per token.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="GradientNorm">The norm of all gradients together, before clipping.</param>
/// <param name="Tokens">The number of tokens seen so far.</param>
/// <param name="Seconds">Seconds since training began or was resumed.</param>
/// <param name="ValidationLoss">The loss on held-out data after this step, in nats per token, if it was measured.</param>
/// <param name="Traffic">What crossed between processes, if several train together.</param>
public sealed record TrainingStep(
    int Step, int Steps, double Loss, double CrossEntropy, double LearningRate, double GradientNorm, long Tokens, double Seconds,
    double? ValidationLoss = null, Traffic? Traffic = null);

/// <summary>The outcome of a training run.</summary>
/// <param name="Steps">Every step of this run.</param>
/// <param name="Completed">False if it was cancelled or stopped early.</param>
/// <param name="StoppedEarly">Whether <see cref="TrainingConfig.Patience"/> ended it.</param>
public sealed record TrainingResult(IReadOnlyList<TrainingStep> Steps, bool Completed, bool StoppedEarly = false)
{
    /// <summary>The last training cross-entropy.</summary>
    public double FinalLoss => Steps[^1].CrossEntropy;

    /// <summary>The last validation loss; NaN where there was no held-out data.</summary>
    public double FinalValidationLoss => Steps.LastOrDefault(s => s.ValidationLoss is not null)?.ValidationLoss ?? double.NaN;
}
