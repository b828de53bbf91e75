using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>What determines the first choice of a block's router, as fractions of the expert's entropy:
/// at 0 it tells nothing about the expert, at 1 it determines the expert.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Entropy">H(expert), in nats.</param>
/// <param name="Domain">I(expert; domain) / H(expert).</param>
/// <param name="Token">I(expert; token) / H(expert).</param>
/// <param name="DomainGivenToken">
/// I(expert; domain | token) / H(expert): the information that the domain adds once the token is known, as the mean over all tokens. A
/// token that
/// occurs in only one domain adds 0, because the token already determines its domain. So texts that share few tokens have a small value
/// whatever the router does.
/// </param>
public sealed record LayerSpecialization(int Layer, double Entropy, double Domain, double Token, double DomainGivenToken);

/// <summary>
/// Do experts divide the work by topic or by token? "An expert for Python and one for poems" would be a high share of the domain; what
/// Mixtral's and OpenMoE's authors found is a high share of the token.
/// </summary>
public sealed class Specialization
{
    private Specialization(IReadOnlyList<LayerSpecialization> layers, IReadOnlyList<Chart> charts) => (Layers, Charts) = (layers, charts);

    /// <summary>The blocks with experts, first to last.</summary>
    public IReadOnlyList<LayerSpecialization> Layers { get; }

    /// <summary>For each block, which share of a domain's tokens each expert took: domains by experts.</summary>
    public IReadOnlyList<Chart> Charts { get; }

    /// <summary>Measures it; tokens that no expert computed are left out.</summary>
    public static Specialization Of(ObservedRouting observed)
    {
        var (layers, charts) = (new List<LayerSpecialization>(), new List<Chart>());
        foreach (ObservedLayer layer in observed.Layers)
        {
            int[] at = [.. Enumerable.Range(0, layer.First.Count).Where(i => layer.First[i] >= 0)];
            int[] Take(IReadOnlyList<int> labels) => [.. at.Select(i => labels[i])];
            int[] expert = Take(layer.First), domain = Take(observed.DomainOf), token = Take(observed.Ids);
            double entropy = MutualInformation.Entropy(expert), unit = entropy > 0 ? entropy : 1;
            layers.Add(new(layer.Layer, entropy, MutualInformation.Of(expert, domain) / unit, MutualInformation.Of(expert, token) / unit,
                MutualInformation.Given(expert, domain, token) / unit));
            var shares = new double[observed.Domains.Count, layer.Experts];
            int[] sizes = [.. Enumerable.Range(0, observed.Domains.Count).Select(d => Math.Max(1, domain.Count(x => x == d)))];
            for (var i = 0; i < at.Length; i++)
                shares[domain[i], expert[i]] += 1.0 / sizes[domain[i]];
            charts.Add(Chart.Heatmap(shares, $"Block {layer.Layer}: which expert takes a domain's tokens", "expert", "", observed.Domains,
                showValues: true).YRange(0, null).Format(y: AxisFormat.Percent));
        }

        return new(layers, charts);
    }

    /// <summary>The measures as bars, block by block.</summary>
    public Chart ToChart() => Chart.Bars("What decides the expert: the token or the domain", "block", "share of the expert's entropy")
        .Add("token", Names, Layers.Select(l => l.Token)).Add("domain", Names, Layers.Select(l => l.Domain))
        .Add("domain, once the token is known", Names, Layers.Select(l => l.DomainGivenToken));

    /// <summary>How a notebook shows it.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + new ChartGrid(Charts, 2,
            sameY: true).ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers => ["block", "H(expert)", "token", "domain", "domain | token"];

    private IEnumerable<string> Names => Layers.Select(l => l.Layer.ToString(CultureInfo.InvariantCulture));

    private IEnumerable<IReadOnlyList<string>> Rows => Layers.Select(l => (IReadOnlyList<string>)
        [l.Layer.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{l.Entropy:F3}"),
            FormattableString.Invariant($"{l.Token:P1}"), FormattableString.Invariant($"{l.Domain:P1}"),
            FormattableString.Invariant($"{l.DomainGivenToken:P1}")]);
}
