using Mezcla.Training;

namespace Mezcla.Cli.Training;

/// <summary>Runs a training in the terminal: every step is shown, recorded, and now and then saved.</summary>
internal static class TrainingLoop
{
    /// <summary>Trains until the last step, an early stop or a cancellation, and saves the training at the end.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="steps">Number of steps of the whole training.</param>
    /// <param name="checkpointEvery">Number of steps between checkpoints; 0 for none but the last.</param>
    /// <param name="record">The record of the run; null for none.</param>
    /// <param name="saver">Saves checkpoints.</param>
    /// <param name="cancellation">Stops the training after the current step.</param>
    public static TrainingResult Run(Trainer trainer, int steps, int checkpointEvery, TrainingRecord? record, CheckpointSaver saver,
        CancellationToken cancellation)
    {
        try
        {
            return TrainingProgress.Show(steps, show => trainer.Run(step =>
            {
                show(step);
                record?.Write(step);
                if (checkpointEvery > 0 && step.Step % checkpointEvery == 0)
                    saver.SaveTraining();
            }, cancellation));
        }
        finally
        {
            // Also if the training diverged: the parameters are then those of the step before.
            saver.SaveTraining();
        }
    }
}
