using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Training;

/// <summary>Saves a model to the file of <c>--output</c>, while it is trained and when it is finished.</summary>
/// <param name="checkpoint">The model and its tokenizer.</param>
/// <param name="trainer">The trainer, which knows how far the training has come.</param>
/// <param name="source">Where data, tokenizer and weights came from.</param>
/// <param name="output">The file.</param>
internal sealed class CheckpointSaver(ModelCheckpoint checkpoint, Trainer trainer, TrainingSource source, FileInfo output)
{
    /// <summary>Saves the model with everything that <c>--resume</c> needs.</summary>
    public void SaveTraining()
    {
        var state = trainer.State();
        state.Source = source;
        new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer, Training = state }.Save(output.FullName);
    }

    /// <summary>Saves the weights and the tokenizer alone, a third of the size.</summary>
    public void SaveFinished() => new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer }.Save(output.FullName);
}
