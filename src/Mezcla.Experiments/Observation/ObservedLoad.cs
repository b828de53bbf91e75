using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>The share of the work that each expert of each block had in the observed texts.</summary>
public sealed class ObservedLoad
{
    private readonly ObservedRouting _observed;

    private ObservedLoad(ObservedRouting observed) => _observed = observed;

    /// <summary>The load of what was observed.</summary>
    public static ObservedLoad Of(ObservedRouting observed) => new(observed);

    /// <summary>The share of each expert of a block in the computed assignments.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="domain">Number of the domain; null for all texts together.</param>
    public double[] Shares(ObservedLayer layer, int? domain = null)
    {
        var counts = new double[layer.Experts];
        for (var i = 0; i < layer.Choices.Count; i++)
            if (domain is null || _observed.DomainOf[i] == domain)
                foreach (var expert in layer.Choices[i])
                    counts[expert]++;
        var sum = Math.Max(1, counts.Sum());
        return [.. counts.Select(count => count / sum)];
    }

    /// <summary>The shares as [blocks, experts].</summary>
    public Chart ToChart()
    {
        var layers = _observed.Layers;
        var shares = new double[layers.Count, layers.Max(l => l.Experts)];
        for (var row = 0; row < layers.Count; row++)
        {
            var mine = Shares(layers[row]);
            for (var expert = 0; expert < shares.GetLength(1); expert++)
                shares[row, expert] = expert < mine.Length ? mine[expert] : double.NaN;
        }
        return Chart.Heatmap(shares, "Load of each expert", "expert", "block",
            layers.Select(l => l.Layer.ToString(CultureInfo.InvariantCulture)), showValues: shares.GetLength(1) <= 16).YRange(0, null)
            .Format(y: AxisFormat.Percent);
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers =>
        ["block", "entropy of the load (1 even)", "largest share, of an even one", "experts without a token"];

    private IEnumerable<IReadOnlyList<string>> Rows => _observed.Layers.Select(layer =>
    {
        var shares = Shares(layer);
        var entropy = -shares.Where(s => s > 0).Sum(s => s * Math.Log(s)) / Math.Log(Math.Max(2, layer.Experts));
        return (IReadOnlyList<string>)
        [
            layer.Layer.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{entropy:F3}"),
            FormattableString.Invariant($"{shares.Max() * layer.Experts:F2}"),
            FormattableString.Invariant($"{shares.Count(s => s == 0)} of {layer.Experts}"),
        ];
    });
}
