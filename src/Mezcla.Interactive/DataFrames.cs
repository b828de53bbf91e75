using Mezcla.Experiments.Records;
using Mezcla.Interactive.Frames;
using Mezcla.Scaling.Claims;
using Mezcla.Training;
using Microsoft.Data.Analysis;

namespace Mezcla.Interactive;

/// <summary>Gives records as data frames, which can be filtered, grouped and joined.</summary>
public static class DataFrames
{
    /// <summary>A training run with a row for each step: its losses in nats per token, learning rate, gradient norm, tokens so far and
    /// seconds. <c>ValidationLoss</c> is null at the steps at which it was not measured.</summary>
    /// <param name="run">The record of the run.</param>
    public static DataFrame ToDataFrame(this RunRecord run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Steps.ToDataFrame();
    }

    /// <summary>A training with a row for each step, as <see cref="ToDataFrame(RunRecord)"/> gives it. What crossed between processes is
    /// not in it; <c>steps.Select(s => s.Traffic).ToDataFrame()</c> has that.</summary>
    /// <param name="steps">The steps.</param>
    public static DataFrame ToDataFrame(this IEnumerable<TrainingStep> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        return FrameBuilder.Of(steps, nameof(TrainingStep.Steps), nameof(TrainingStep.Traffic));
    }

    /// <summary>Checked claims with a row for each: what was said and by whom, the verdict, the number computed and the number said,
    /// and the
    /// verdict in words.</summary>
    /// <param name="claims">The claims, such as <see cref="ClaimReport.Claims"/>.</param>
    public static DataFrame ToDataFrame(this IEnumerable<ClaimResult> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return FrameBuilder.Of(claims.Select(result => new
        {
            result.Claim.Said,
            result.Claim.Who,
            result.Claim.Status,
            result.Verdict,
            result.Computed,
            result.Expected,
            result.Tolerance,
            result.Claim.Unit,
            result.Claim.Source,
            result.Why,
        }));
    }

    /// <summary>A list of objects with a column for each property and a row for each object, such as the trainings of a sweep. Numbers,
    /// truth values and times keep their type, and everything else becomes text.</summary>
    /// <typeparam name="T">The type of the objects.</typeparam>
    /// <param name="rows">The objects.</param>
    public static DataFrame ToDataFrame<T>(this IEnumerable<T> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return FrameBuilder.Of(rows);
    }
}
