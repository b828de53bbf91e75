using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>A training in the terminal: one bar with loss and speed, or a line now and then where output is not a terminal.</summary>
internal static class TrainingProgress
{
    public static TrainingResult Show(int steps, Func<Action<TrainingStep>, TrainingResult> train)
    {
        if (Console.IsOutputRedirected) return train(step => PrintNowAndThen(step));
        return AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask("training", maxValue: steps);
                return train(step =>
                {
                    task.Value = step.Step;
                    task.Description = Describe(step);
                });
            });
    }

    private static void PrintNowAndThen(TrainingStep step)
    {
        if (step.Step % Math.Max(1, step.Steps / 10) == 0 || step.ValidationLoss is not null) Console.WriteLine(Describe(step));
    }

    private static string Describe(TrainingStep step)
    {
        var validation = step.ValidationLoss is { } loss ? FormattableString.Invariant($" held-out {loss:F3}") : "";
        return FormattableString.Invariant($"step {step.Step}/{step.Steps} loss {step.CrossEntropy:F3}{validation}");
    }
}
