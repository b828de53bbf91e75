using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>
/// Measures whether two blocks route tokens in the same way: the mutual information I(expert in block i; expert in block j), corrected for
/// chance and divided by the smaller of the two entropies. The numbers of experts in different blocks are unrelated, so it does not count
/// equal numbers. 1 means that one block's expert determines the other's, and 0 that they are independent.
/// </summary>
public sealed class LayerOverlap
{
    private readonly string[] _names;

    private LayerOverlap(string[] names, double[,] shares) => (_names, Shares) = (names, shares);

    /// <summary>[blocks, blocks], symmetric, 1 on the diagonal.</summary>
    public double[,] Shares { get; }

    /// <summary>Measures the overlap on the first choices of tokens that no block dropped.</summary>
    public static LayerOverlap Of(ObservedRouting observed)
    {
        var count = observed.Layers.Count;
        var shares = new double[count, count];
        int[] at = [.. Enumerable.Range(0, observed.Ids.Count).Where(i => observed.Layers.All(l => l.First[i] >= 0))];
        int[][] first = [.. observed.Layers.Select(l => at.Select(i => l.First[i]).ToArray())];
        double[] entropy = [.. first.Select(MutualInformation.Entropy)];
        for (var i = 0; i < count; i++)
        {
            shares[i, i] = 1;
            for (var j = 0; j < i; j++)
            {
                var smaller = Math.Min(entropy[i], entropy[j]);
                shares[i, j] = shares[j, i] = smaller > 0 ? MutualInformation.Of(first[i], first[j]) / smaller : 0;
            }
        }

        return new([.. observed.Layers.Select(l => l.Layer.ToString(CultureInfo.InvariantCulture))], shares);
    }

    /// <summary>A heat map of the overlaps.</summary>
    public Chart ToChart() => Chart.Heatmap(Shares, "What one block's expert tells about another's", "block", "block", _names, _names,
        showValues: true).YRange(0, 1);

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"], ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(["block", .. _names], _names.Select((name, i) =>
        (IReadOnlyList<string>)[name,
            .. Enumerable.Range(0, _names.Length).Select(j => FormattableString.Invariant($"{Shares[i, j]:F2}"))]));
}
