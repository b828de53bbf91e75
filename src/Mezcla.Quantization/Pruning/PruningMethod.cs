using Mezcla.Models;
using Mezcla.Quantization.Methods;

namespace Mezcla.Quantization.Pruning;

/// <summary>A way to choose which weights of a trained model are removed.</summary>
public abstract record PruningMethod
{
    /// <summary>The field's name.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it looks at inputs.</summary>
    public abstract bool NeedsCalibration { get; }

    /// <summary>Chooses which weights of W [rows, columns] are kept, and may change the weights that are kept.</summary>
    /// <param name="matrix">The matrix, for errors and its size.</param>
    /// <param name="weights">W, changed in place.</param>
    /// <param name="inputs">What calibration saw; null without.</param>
    /// <param name="pattern">What may be missing.</param>
    internal abstract bool[] Choose(ModelMatrix matrix, float[] weights, InputStatistics? inputs, PruningPattern pattern);

    /// <summary>The methods by name.</summary>
    public static IReadOnlyList<PruningMethod> All { get; } = [new MagnitudePruning(), new MagnitudePruning { Global = true }, new Wanda(),
        new SparseGpt()];

    /// <summary>Finds a method by its name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No method has this name; the message lists the names that exist.</exception>
    public static PruningMethod Parse(string name) => All.FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no pruning method '{name}'. There are: {string.Join(", ", All.Select(m => m.Name))}.");

    /// <summary>Prunes a model in place, block after block; each block is calibrated on the outputs of the pruned blocks before
    /// it.</summary>
    /// <param name="model">A model on the CPU.</param>
    /// <param name="pattern">What may be missing.</param>
    /// <param name="calibration">The text that inputs are observed on, for methods that look at them.</param>
    /// <param name="which">The matrices to prune; by default attention, dense networks and experts.</param>
    /// <param name="done">Told of each matrix when it is pruned.</param>
    /// <exception cref="ArgumentException">The method needs calibration and there is none, or it cannot keep to the pattern.</exception>
    public virtual PruningMask Prune(Transformer model, PruningPattern pattern, CalibrationText? calibration = null,
        Func<ModelMatrix, bool>? which = null, Action<ModelMatrix>? done = null)
    {
        if (NeedsCalibration && calibration is null)
            throw new ArgumentException($"{Name} needs the inputs of each matrix: give it a text to calibrate on.", nameof(calibration));
        var matrices = ModelMatrix.Of(model);
        var mask = new PruningMask();
        LayerWalk.Run(model, NeedsCalibration ? calibration : null, (block, statistics) =>
        {
            foreach (var matrix
                in matrices.Where(m => m.Layer == block && (block >= 0 || m.Role == MatrixRole.Head) && (which ?? Inner)(m)))
            {
                var weights = matrix.Read();
                var keep = Choose(matrix, weights, statistics.GetValueOrDefault(matrix.Name), pattern);
                for (var i = 0; i < keep.Length; i++)
                    if (!keep[i])
                        weights[i] = 0;
                matrix.Write(weights);
                mask.Add(matrix, keep);
                done?.Invoke(matrix);
            }
        }, matrices);
        return mask;
    }

    /// <summary>Whether a matrix is pruned by default: every matrix of a block except its router.</summary>
    public static bool Inner(ModelMatrix matrix) => matrix.Role is MatrixRole.Attention or MatrixRole.Network or MatrixRole.Expert;

    /// <inheritdoc/>
    public sealed override string ToString() => Name;
}
