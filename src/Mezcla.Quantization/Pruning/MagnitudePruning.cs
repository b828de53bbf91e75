using Mezcla.Models;
using Mezcla.Quantization.Methods;

namespace Mezcla.Quantization.Pruning;

/// <summary>Removes the weights with the smallest |w| (Han et al. 2015), in each matrix or in all matrices together.</summary>
public sealed record MagnitudePruning : PruningMethod
{
    /// <inheritdoc/>
    public override string Name => Global ? "magnitude-global" : "magnitude";

    /// <inheritdoc/>
    public override bool NeedsCalibration => false;

    /// <summary>Whether weights of all matrices compete with each other.</summary>
    public bool Global { get; init; }

    /// <inheritdoc/>
    public override PruningMask Prune(Transformer model, PruningPattern pattern, CalibrationText? calibration = null,
        Func<ModelMatrix, bool>? which = null, Action<ModelMatrix>? done = null)
    {
        if (!Global)
            return base.Prune(model, pattern, calibration, which, done);
        if (pattern.Of > 0)
            throw new ArgumentException(
                $"A pattern of {pattern.Kept} of {pattern.Of} is the same share everywhere: use magnitude, not magnitude-global.",
                nameof(pattern));
        var matrices = ModelMatrix.Of(model).Where(which ?? Inner).ToList();
        var weights = matrices.Select(m => m.Read()).ToList();
        var keep = new bool[weights.Sum(w => w.Length)];
        pattern.Mark(weights.SelectMany(w => w.Select(MathF.Abs)).ToArray(), keep);
        var mask = new PruningMask();
        for (int i = 0, at = 0; i < matrices.Count; at += weights[i++].Length)
        {
            mask.Add(matrices[i], keep[at..(at + weights[i].Length)]);
            done?.Invoke(matrices[i]);
        }
        mask.Apply();
        return mask;
    }

    internal override bool[] Choose(ModelMatrix matrix, float[] weights, InputStatistics? inputs, PruningPattern pattern)
    {
        var keep = new bool[weights.Length];
        pattern.Mark(weights.Select(MathF.Abs).ToArray(), keep);
        return keep;
    }
}
