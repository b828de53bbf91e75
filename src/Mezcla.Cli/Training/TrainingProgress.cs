using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Training;

/// <summary>Shows the progress of a training: a progress bar with the loss at a terminal, or a
/// line every tenth of the steps if the output goes to a file.</summary>
internal static class TrainingProgress
{
    /// <summary>Runs a training and shows its progress.</summary>
    /// <param name="steps">Number of steps of the whole training.</param>
    /// <param name="train">Trains; it must call its argument after every step.</param>
    public static TrainingResult Show(int steps, Func<Action<TrainingStep>, TrainingResult> train)
    {
        if (Console.IsOutputRedirected)
            return train(step => PrintEveryTenth(step));
        return AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
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

    private static void PrintEveryTenth(TrainingStep step)
    {
        if (step.Step % Math.Max(1, step.Steps / 10) == 0 || step.ValidationLoss is not null)
            Console.WriteLine(Describe(step));
    }

    private static string Describe(TrainingStep step)
    {
        var validation = step.ValidationLoss is { } loss ? FormattableString.Invariant($" held-out {loss:F3}") : "";
        return FormattableString.Invariant($"step {step.Step}/{step.Steps} loss {step.CrossEntropy:F3}{validation}");
    }
}
