using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>The learning rate of each step, as a fraction of its peak.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConstantSchedule), "constant")]
[JsonDerivedType(typeof(CosineSchedule), "cosine")]
[JsonDerivedType(typeof(WarmupStableDecaySchedule), "warmup-stable-decay")]
public abstract record LearningRateSchedule
{
    /// <summary>Number of steps in which the rate grows linearly from 0 (the first step has 1/warmup of the peak).</summary>
    public int WarmupSteps { get; init; }

    /// <summary>The fraction of the peak, 0 to 1, at <paramref name="step"/> (from 0) of <paramref name="steps"/>.</summary>
    public double At(int step, int steps)
    {
        if (step < WarmupSteps)
            return (step + 1.0) / WarmupSteps;
        return AfterWarmup(Math.Clamp((double)(step - WarmupSteps) / Math.Max(1, steps - 1 - WarmupSteps), 0, 1));
    }

    /// <summary>The fraction of the peak after the warm-up, given how much of the time from its end to the last step has passed.</summary>
    protected abstract double AfterWarmup(double progress);
}

/// <summary>A constant learning rate at the peak.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) => 1;
}

/// <summary>Half a cosine wave from the peak down to <see cref="Final"/> (Loshchilov and Hutter 2017).</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <summary>The fraction of the peak at the last step.</summary>
    public double Final { get; init; } = 0.1;

    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) => Final + (1 - Final) * 0.5 * (1 + Math.Cos(Math.PI * progress));
}

/// <summary>
/// Stays at the peak, then decreases linearly to <see cref="Final"/> in the last <see cref="DecayShare"/> of the steps after the warm-up
/// (WSD; Hu et al. 2024). A run can be continued from before the decrease.
/// </summary>
public sealed record WarmupStableDecaySchedule : LearningRateSchedule
{
    /// <summary>The share of the steps after the warm-up in which the rate decreases; 0 for a constant rate.</summary>
    public double DecayShare { get; init; } = 0.2;

    /// <summary>The fraction of the peak at the last step.</summary>
    public double Final { get; init; }

    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) =>
        progress <= 1 - DecayShare || DecayShare == 0 ? 1 : Final + (1 - Final) * (1 - progress) / DecayShare;
}
