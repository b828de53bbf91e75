using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>Two experts of a block and how often they compute the same token.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Expert">The one of the smaller number.</param>
/// <param name="Other">The other.</param>
/// <param name="Share">The share of tokens that both computed.</param>
/// <param name="ByChance">The share if pairs were formed in proportion to the loads of both.</param>
public sealed record ExpertPair(int Layer, int Expert, int Other, double Share, double ByChance)
{
    /// <summary>The ratio of both shares.</summary>
    public double Lift => ByChance > 0 ? Share / ByChance : 0;
}

/// <summary>Which experts work on the same tokens. OLMoE's authors found little of it in their model (section 4.3).</summary>
public sealed class CoActivation
{
    private CoActivation(IReadOnlyList<ExpertPair> pairs) => Pairs = pairs;

    /// <summary>Every pair of every block with experts; none where a token has a single expert.</summary>
    public IReadOnlyList<ExpertPair> Pairs { get; }

    /// <summary>Counts the pairs.</summary>
    public static CoActivation Of(ObservedRouting observed)
    {
        var pairs = new List<ExpertPair>();
        foreach (var layer in observed.Layers.Where(l => l.Choices.Any(c => c.Length > 1)))
        {
            var (both, load) = (new double[layer.Experts, layer.Experts], new double[layer.Experts]);
            var all = 0.0;
            foreach (var chosen in layer.Choices)
                for (var i = 0; i < chosen.Length; i++)
                {
                    load[chosen[i]]++;
                    for (var j = 0; j < i; j++, all++)
                        both[Math.Min(chosen[i], chosen[j]), Math.Max(chosen[i], chosen[j])]++;
                }
            var products = (load.Sum() * load.Sum() - load.Sum(l => l * l)) / 2;
            for (var expert = 0; expert < layer.Experts; expert++)
                for (var other = expert + 1; other < layer.Experts; other++)
                    pairs.Add(new(layer.Layer, expert, other, both[expert, other] / layer.Choices.Count,
                        load[expert] * load[other] / products * all / layer.Choices.Count));
        }
        return new(pairs);
    }

    /// <summary>The pairs that are together most clearly more often than by chance.</summary>
    /// <param name="count">How many.</param>
    public IReadOnlyList<ExpertPair> Largest(int count = 20) =>
        [.. Pairs.OrderByDescending(p => (p.Share - p.ByChance) / Math.Sqrt(Math.Max(p.ByChance, 1e-12))).Take(count)];

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => ResultTable.Bundle(ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers => ["block", "experts", "tokens of both", "by chance", "ratio"];

    private IEnumerable<IReadOnlyList<string>> Rows => Largest().Select(p => (IReadOnlyList<string>)
    [
        p.Layer.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{p.Expert} and {p.Other}"),
        FormattableString.Invariant($"{p.Share:P2}"), FormattableString.Invariant($"{p.ByChance:P2}"),
        FormattableString.Invariant($"{p.Lift:F1}"),
    ]);
}
