using Mezcla.Quantization.Methods;
using Mezcla.Training;

namespace Mezcla.Quantization.Pruning;

/// <summary>Marks which weights of a model are removed. It is applied once after pruning, and after every step of a retraining.</summary>
public sealed class PruningMask
{
    private readonly List<(ModelMatrix Matrix, bool[] Keep)> _masks = [];

    /// <summary>Matrices that have a mask.</summary>
    public IEnumerable<ModelMatrix> Matrices => _masks.Select(m => m.Matrix);

    /// <summary>Weights in masked matrices.</summary>
    public long Count => _masks.Sum(m => m.Keep.LongLength);

    /// <summary>The share of the weights in masked matrices that is removed.</summary>
    public double Sparsity => _masks.Sum(m => m.Keep.LongCount(k => !k)) / (double)Math.Max(1, Count);

    /// <summary>Adds the mask of a matrix: true for what stays.</summary>
    public void Add(ModelMatrix matrix, bool[] keep)
    {
        if (keep.Length != matrix.Rows * matrix.Columns)
            throw new ArgumentException($"A mask of {keep.Length} does not fit {matrix}.", nameof(keep));
        _masks.Add((matrix, keep));
    }

    /// <summary>Sets the removed weights to zero.</summary>
    public void Apply()
    {
        foreach (var (matrix, keep) in _masks)
        {
            var weights = matrix.Read();
            for (var i = 0; i < keep.Length; i++)
                if (!keep[i])
                    weights[i] = 0;
            matrix.Write(weights);
        }
    }

    /// <summary>Trains the weights that are kept; after each step the removed weights are set to zero again.</summary>
    /// <param name="trainer">A training of the same model.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancellation">Ends it after the step under way.</param>
    public TrainingResult Retrain(Trainer trainer, Action<TrainingStep>? progress = null, CancellationToken cancellation = default) =>
        trainer.Run(step =>
        {
            Apply();
            progress?.Invoke(step);
        }, cancellation);
}
