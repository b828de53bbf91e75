using Mezcla.Models;
using Mezcla.Training;

namespace Mezcla.Experiments.Laboratory;

/// <summary>A dense model that is trained first, and from which a run starts.</summary>
/// <param name="Model">The dense model.</param>
/// <param name="Training">Its training.</param>
public sealed record DenseStart(TransformerConfig Model, TrainingConfig Training);

/// <summary>One training of an experiment.</summary>
/// <param name="Arm">What is tried.</param>
/// <param name="Model">The model.</param>
/// <param name="Training">Its training, with the seed of its batches.</param>
public sealed record ExperimentRun(string Arm, TransformerConfig Model, TrainingConfig Training)
{
    /// <summary>Where the weights come from; null for fresh ones. A model with experts is upcycled from it, a dense one goes on with it.</summary>
    public DenseStart? Start { get; init; }

    /// <summary>A model whose training time per step decides how many steps this one makes, so that both take as long as <see cref="Training"/> says for the other; null for as many as it says.</summary>
    public TransformerConfig? AsLongAs { get; init; }

    /// <summary>Seed of the weights and of the batches.</summary>
    public ulong Seed => Training.Seed;
}
