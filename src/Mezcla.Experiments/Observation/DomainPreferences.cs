using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>How much a domain prefers an expert beyond what its tokens explain. Only tokens that several domains have are
/// counted.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Domain">Name of the domain.</param>
/// <param name="Expert">Number of the expert.</param>
/// <param name="Tokens">How many tokens of the domain were counted.</param>
/// <param name="Share">The share of them that the expert computed.</param>
/// <param name="Expected">The share if the expert took each token as often in this domain as in all domains together.</param>
/// <param name="Deviations">The difference in standard deviations of what chance would give if the expert depended on the token
/// alone.</param>
public sealed record DomainPreference(int Layer, string Domain, int Expert, int Tokens, double Share, double Expected, double Deviations);

/// <summary>
/// Which experts each domain prefers beyond what its tokens explain. A text about code has other tokens than a novel, and an expert for
/// brackets looks like one for code. So each token is compared with itself: if it occurs n times, K of them with the expert, and m times in
/// the domain, chance alone gives the expert m·K/n of these, with the variance of a hypergeometric distribution.
/// </summary>
public sealed class DomainPreferences
{
    private readonly IReadOnlyList<string> _domains;

    private DomainPreferences(IReadOnlyList<string> domains, IReadOnlyList<DomainPreference> all) => (_domains, All) = (domains, all);

    /// <summary>Every block, domain and expert, in this order.</summary>
    public IReadOnlyList<DomainPreference> All { get; }

    /// <summary>Compares the domains of what was observed.</summary>
    public static DomainPreferences Of(ObservedRouting observed)
    {
        var domains = observed.Domains.Count;
        // The places of each token that occurs in more than one domain.
        int[][] shared = [.. Enumerable.Range(0, observed.Ids.Count).GroupBy(i => observed.Ids[i])
            .Where(places => places.Select(i => observed.DomainOf[i]).Distinct().Count() > 1).Select(places => places.ToArray())];
        var all = new List<DomainPreference>();
        foreach (var layer in observed.Layers)
        {
            var (seen, mean, variance) = (new double[domains, layer.Experts], new double[domains, layer.Experts],
                new double[domains, layer.Experts]);
            var tokens = new int[domains];
            foreach (var places in shared)
            {
                var (own, chosen) = (new int[domains], new double[layer.Experts]);
                foreach (var place in places)
                {
                    own[observed.DomainOf[place]]++;
                    foreach (var expert in layer.Choices[place])
                    {
                        chosen[expert]++;
                        seen[observed.DomainOf[place], expert]++;
                    }
                }
                double n = places.Length;
                for (var domain = 0; domain < domains; domain++)
                {
                    tokens[domain] += own[domain];
                    for (var expert = 0; own[domain] > 0 && expert < layer.Experts; expert++)
                    {
                        var share = chosen[expert] / n;
                        mean[domain, expert] += own[domain] * share;
                        variance[domain, expert] += own[domain] * share * (1 - share) * (n - own[domain]) / (n - 1);
                    }
                }
            }
            for (var domain = 0; domain < domains; domain++)
                for (var expert = 0; expert < layer.Experts; expert++)
                {
                    double count = Math.Max(1, tokens[domain]), difference = seen[domain, expert] - mean[domain, expert];
                    all.Add(new(layer.Layer, observed.Domains[domain], expert, tokens[domain], seen[domain, expert] / count,
                        mean[domain, expert] / count,
                        variance[domain, expert] > 0 ? difference / Math.Sqrt(variance[domain, expert]) : 0));
                }
        }
        return new(observed.Domains, all);
    }

    /// <summary>The largest preferences, the clearest first.</summary>
    /// <param name="count">How many.</param>
    public IReadOnlyList<DomainPreference> Largest(int count = 20) =>
        [.. All.Where(p => p.Share > p.Expected).OrderByDescending(p => p.Deviations).Take(count)];

    /// <summary>For each domain, how many experts in a block it takes more than three standard deviations more often than its tokens
    /// explain. By chance it would be about one in 740.</summary>
    public Chart ToChart()
    {
        int[] layers = [.. All.Select(p => p.Layer).Distinct()];
        var chart = Chart.Bars("Experts that a domain prefers beyond what its tokens explain", "block", "experts over 3 deviations");
        foreach (var domain in _domains)
            chart.Add(domain, layers.Select(l => l.ToString(CultureInfo.InvariantCulture)),
                layers.Select(l => (double)All.Count(p => p.Layer == l && p.Domain == domain && p.Deviations > 3)));
        return chart;
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers => ["block", "domain", "expert", "share of its tokens", "explained by the tokens", "deviations"];

    private IEnumerable<IReadOnlyList<string>> Rows => Largest().Select(p => (IReadOnlyList<string>)
    [
        p.Layer.ToString(CultureInfo.InvariantCulture), p.Domain, p.Expert.ToString(CultureInfo.InvariantCulture),
        FormattableString.Invariant($"{p.Share:P1}"), FormattableString.Invariant($"{p.Expected:P1}"),
        FormattableString.Invariant($"{p.Deviations:F1}"),
    ]);
}
