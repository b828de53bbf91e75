using System.Text.Json.Serialization;

namespace Mezcla.Training;

/// <summary>The learning rate of each step, as a share of its peak.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConstantSchedule), "constant")]
[JsonDerivedType(typeof(CosineSchedule), "cosine")]
[JsonDerivedType(typeof(WarmupStableDecaySchedule), "warmup-stable-decay")]
public abstract record LearningRateSchedule
{
    /// <summary>Steps in which the rate grows linearly from 0 (its first step has 1/warmup of the peak).</summary>
    public int WarmupSteps { get; init; }

    /// <summary>The share of the peak at <paramref name="step"/> (from 0) of <paramref name="steps"/>, 0 to 1.</summary>
    public double At(int step, int steps)
    {
        if (step < WarmupSteps)
            return (step + 1.0) / WarmupSteps;
        return AfterWarmup(Math.Clamp((double)(step - WarmupSteps) / Math.Max(1, steps - 1 - WarmupSteps), 0, 1));
    }

    /// <summary>The share at a fraction of the way from the end of the warm-up to the last step.</summary>
    protected abstract double AfterWarmup(double progress);
}

/// <summary>The peak throughout.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) => 1;
}

/// <summary>Half a cosine from the peak down to <see cref="Final"/> (Loshchilov and Hutter 2017).</summary>
public sealed record CosineSchedule : LearningRateSchedule
{
    /// <summary>The share of the last step.</summary>
    public double Final { get; init; } = 0.1;

    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) => Final + (1 - Final) * 0.5 * (1 + Math.Cos(Math.PI * progress));
}

/// <summary>The peak, then a linear fall to <see cref="Final"/> in the last <see cref="DecayShare"/> of the steps
/// after the warm-up (WSD; Hu et al. 2024): a run can be continued from before the fall.</summary>
public sealed record WarmupStableDecaySchedule : LearningRateSchedule
{
    /// <summary>The share of the steps after the warm-up in which the rate falls; 0 for no fall.</summary>
    public double DecayShare { get; init; } = 0.2;

    /// <summary>The share of the last step.</summary>
    public double Final { get; init; }

    /// <inheritdoc/>
    protected override double AfterWarmup(double progress) =>
        progress <= 1 - DecayShare || DecayShare == 0 ? 1 : Final + (1 - Final) * (1 - progress) / DecayShare;
}
