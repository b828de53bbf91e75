using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mezcla.Distributed;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Training;

/// <summary>Saves a model to the file of <c>--output</c>, while it is trained and when it is finished.</summary>
/// <param name="checkpoint">The model and its tokenizer.</param>
/// <param name="trainer">The trainer, which holds the state of the training.</param>
/// <param name="source">Where data, tokenizer and weights came from.</param>
/// <param name="output">The file.</param>
/// <param name="session">The processes that train together, of which the first writes; null for one process.</param>
/// <param name="experts">Where the experts are; null if each process has all.</param>
internal sealed class CheckpointSaver(ModelCheckpoint checkpoint, Trainer trainer, TrainingSource source, FileInfo output,
    MpiSession? session, ExpertShards? experts)
{
    /// <summary>Saves the model with everything that <c>--resume</c> needs.</summary>
    public void SaveTraining()
    {
        var state = trainer.State();
        state.Source = source;
        var model = checkpoint.Model;
        if (experts is not null)
            (model, state.Optimizer) = experts.Gather(model, state.Optimizer, state.Config);
        Save(new() { Model = model, Tokenizer = checkpoint.Tokenizer, Training = state });
    }

    /// <summary>Saves only the weights and the tokenizer. The file is a third of the size.</summary>
    public void SaveFinished()
    {
        var model = experts?.Gather(checkpoint.Model, null, trainer.State().Config).Model ?? checkpoint.Model;
        Save(new() { Model = model, Tokenizer = checkpoint.Tokenizer });
    }

    private void Save(ModelCheckpoint whole)
    {
        // All processes have changed the same weights by the same gradients. If one has other weights, its numbers are wrong.
        session?.RequireSame("weights", SHA256.HashData(
            [.. whole.Model.Parameters().SelectMany(weights => SHA256.HashData(MemoryMarshal.AsBytes<float>(weights.ToArray())))]));
        if (session is null or { World.Rank: 0 })
            whole.Save(output.FullName);
    }
}
