using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// A place in a block where each input of some matrices can be divided by a number and the matching columns multiplied by it without
/// changing what the block computes. There are two: after a norm, whose gain absorbs the division, and after the linear half of a gated
/// network.
/// </summary>
internal sealed class ScaleFolding
{
    private readonly IReadOnlyList<Tensor> _dividedVectors;
    private readonly (ModelMatrix Matrix, int FirstRow)? _dividedRows;

    private ScaleFolding(string name, IReadOnlyList<ModelMatrix> consumers, IReadOnlyList<Tensor> dividedVectors,
        (ModelMatrix, int)? dividedRows = null) =>
        (Name, Consumers, _dividedVectors, _dividedRows) = (name, consumers, dividedVectors, dividedRows);

    /// <summary>Where it is.</summary>
    public string Name { get; }

    /// <summary>All matrices that read these inputs.</summary>
    public IReadOnlyList<ModelMatrix> Consumers { get; }

    /// <summary>The scales that <see cref="Apply"/> was called with; null before the call.</summary>
    public float[]? Applied { get; private set; }

    /// <summary>Divides the inputs and multiplies the columns.</summary>
    /// <param name="scales">Positive, one for each input.</param>
    public void Apply(ReadOnlySpan<float> scales)
    {
        Applied = scales.ToArray();
        foreach (var vector in _dividedVectors)
        {
            var values = vector.AsSpan();
            for (var j = 0; j < scales.Length; j++)
                values[^(scales.Length - j)] /= scales[j];
        }
        if (_dividedRows is { } rows)
        {
            var values = rows.Matrix.Read();
            for (var j = 0; j < scales.Length; j++)
                for (var i = 0; i < rows.Matrix.Columns; i++)
                    values[(rows.FirstRow + j) * rows.Matrix.Columns + i] /= scales[j];
            rows.Matrix.Write(values);
        }
        foreach (var consumer in Consumers)
            consumer.Write(Scaled(consumer.Read(), scales));
    }

    /// <summary>Lets a method rescale a block, and updates the input statistics of the block's matrices to match.</summary>
    /// <param name="method">The method.</param>
    /// <param name="foldings">The block's.</param>
    /// <param name="statistics">Of the inputs of the block's matrices, by name; changed in place.</param>
    /// <param name="format">The format of each matrix; null where it stays as it is.</param>
    public static void Prepare(QuantizationMethod method, IEnumerable<ScaleFolding> foldings,
        IReadOnlyDictionary<string, InputStatistics> statistics, Func<ModelMatrix, NumberFormat?> format)
    {
        var all = foldings.ToList();
        method.Prepare(all.Select(f => (f, PostTraining.Inputs(f.Consumers, statistics))), format);
        foreach (var folding in all.Where(f => f.Applied is not null))
            foreach (var consumer in folding.Consumers)
                statistics[consumer.Name].Divide(folding.Applied);
    }

    /// <summary>Multiplies each column by its number, in place.</summary>
    public static float[] Scaled(float[] weights, ReadOnlySpan<float> scales)
    {
        for (var i = 0; i < weights.Length; i++)
            weights[i] *= scales[i % scales.Length];
        return weights;
    }

    /// <summary>The foldings of a block.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="block">The block.</param>
    /// <param name="matrices">The block's matrices.</param>
    public static IEnumerable<ScaleFolding> Of(TransformerConfig config, TransformerBlock block, IReadOnlyList<ModelMatrix> matrices)
    {
        var ups = new List<ModelMatrix>();
        if (block.Network is { } network)
            ups.AddRange(Of(network.Up));
        if (block.Experts is { } experts)
        {
            ups.AddRange(matrices.Where(m => m.Owner == experts.Up));
            if (experts.Router is LinearRouter router)
                ups.AddRange(matrices.Where(m => m.Role == MatrixRole.Router));
            if (experts.Shared is { } shared)
                ups.AddRange(Of(shared.Up));
        }
        // A router that does not read the norm's output would choose differently after this change.
        var foldable = block.Experts is null || block.Experts.Router is LinearRouter;
        var attention = block.Attention is SelfAttention self ? Of(self.Projection).ToList() : null;
        if (block.NetworkNorm is { } norm)
        {
            if (attention is not null)
                yield return new("attention norm", attention, Vectors(block.AttentionNorm));
            if (foldable)
                yield return new("network norm", ups, Vectors(norm));
        }
        else if (attention is not null && foldable)
            yield return new("norm", [.. attention, .. ups], Vectors(block.AttentionNorm));

        if (block.Network is { } dense && config.FeedForward.Gated)
            yield return Gated("network", Of(dense.Up).Single(), Of(dense.Down).Single(), dense.Up.Bias,
                config.FeedForward.IntermediateSize);
        if (config.MixtureOfExperts is not { Expert: { Gated: true, Bias: false } expert } || block.Experts is not { } layer)
            yield break;
        foreach (var down in matrices.Where(m => m.Owner == layer.Down))
            yield return Gated($"expert {down.Expert}", matrices.Single(m => m.Owner == layer.Up && m.Expert == down.Expert), down, null,
                expert.IntermediateSize);

        IEnumerable<ModelMatrix> Of(Linear linear) => matrices.Where(m => m.Owner == linear);
        static Tensor[] Vectors(Normalization norm) => norm.Bias is null ? [norm.Weight] : [norm.Weight, norm.Bias];
        static ScaleFolding Gated(string name, ModelMatrix up, ModelMatrix down, Tensor? bias, int half) =>
            new(name, [down], bias is null ? [] : [bias], (up, half));
    }
}
