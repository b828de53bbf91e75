using Mezcla.Models;
using Mezcla.Training;

namespace Mezcla.Experiments.Laboratory;

/// <summary>A dense model that is trained first, and whose weights a run starts from.</summary>
/// <param name="Model">The dense model.</param>
/// <param name="Training">Its training.</param>
public sealed record DenseStart(TransformerConfig Model, TrainingConfig Training);

/// <summary>One training of an experiment.</summary>
/// <param name="Arm">The name of the arm, which says what is varied.</param>
/// <param name="Model">The model.</param>
/// <param name="Training">Its training, with the seed of its batches.</param>
public sealed record ExperimentRun(string Arm, TransformerConfig Model, TrainingConfig Training)
{
    /// <summary>The model that the weights come from; null for random weights. A model with experts
    /// is upcycled from it, and a dense model continues its training.</summary>
    public DenseStart? Start { get; init; }

    /// <summary>A model whose time per step determines this run's number of steps, so that this run takes as long as that
    /// model takes for the steps of <see cref="Training"/>; null for exactly those steps.</summary>
    public TransformerConfig? AsLongAs { get; init; }

    /// <summary>Seed of the weights and of the batches.</summary>
    public ulong Seed => Training.Seed;
}
