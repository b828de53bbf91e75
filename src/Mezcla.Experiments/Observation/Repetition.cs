using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>How often a token is routed to the same expert as the token before it.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="First">Share of neighbours with the same first choice.</param>
/// <param name="FirstByChance">The value of <paramref name="First"/> if experts were drawn according to their load alone: Σ load².</param>
/// <param name="Any">Share of neighbouring tokens for which a token's first choice is among the experts of the token before it (Mixtral's
/// "first or second choice").</param>
/// <param name="AnyByChance">The same by chance: measured on pairs of tokens that are not neighbours.</param>
public sealed record LayerRepetition(int Layer, double First, double FirstByChance, double Any, double AnyByChance);

/// <summary>The rate at which consecutive tokens repeat an expert, compared with chance. Mixtral's authors found more repeats than by
/// chance, above all in higher blocks (section 5, table 5).</summary>
public sealed class Repetition
{
    private Repetition(IReadOnlyList<LayerRepetition> layers) => Layers = layers;

    /// <summary>The blocks with experts, first to last.</summary>
    public IReadOnlyList<LayerRepetition> Layers { get; }

    /// <summary>Measures the rates over all pairs of neighbours within a window.</summary>
    public static Repetition Of(ObservedRouting observed)
    {
        var layers = new List<LayerRepetition>();
        foreach (ObservedLayer layer in observed.Layers)
        {
            int[] seconds =
                [.. Enumerable.Range(1, Math.Max(0, observed.Ids.Count - 1))
                    .Where(i => !observed.Starts[i] && layer.First[i] >= 0 && layer.First[i - 1] >= 0)];
            double Share(Func<int, bool> holds) => seconds.Length == 0 ? double.NaN : (double)seconds.Count(holds) / seconds.Length;
            int[] computed = [.. layer.First.Where(e => e >= 0)];
            var chance = computed.CountBy(e => e).Sum(g => Math.Pow((double)g.Value / computed.Length, 2));
            // A token half the text away is unrelated to this one, but is routed with the same load.
            var far = seconds.Length / 2;
            layers.Add(new(layer.Layer, Share(i => layer.First[i] == layer.First[i - 1]), chance,
                Share(i => layer.Choices[i - 1].Contains(layer.First[i])),
                seconds.Length == 0
                    ? double.NaN
                    : seconds.Select((i, n) => layer.Choices[seconds[(n + far) % seconds.Length] - 1].Contains(layer.First[i]) ? 1.0 : 0)
                        .Average()));
        }

        return new(layers);
    }

    /// <summary>The rates as bars, block by block.</summary>
    public Chart ToChart()
    {
        string[] names = [.. Layers.Select(l => l.Layer.ToString(CultureInfo.InvariantCulture))];
        return Chart.Bars("A token goes where the one before it went", "block", "share of neighbours")
            .Add("same first choice", names, Layers.Select(l => l.First)).Add("by chance", names, Layers.Select(l => l.FirstByChance))
            .Format(y: AxisFormat.Percent);
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers => ["block", "same first", "by chance", "first among the last token's", "by chance"];

    private IEnumerable<IReadOnlyList<string>> Rows => Layers.Select(l => (IReadOnlyList<string>)
        [l.Layer.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{l.First:P1}"),
            FormattableString.Invariant($"{l.FirstByChance:P1}"), FormattableString.Invariant($"{l.Any:P1}"),
            FormattableString.Invariant($"{l.AnyByChance:P1}")]);
}
