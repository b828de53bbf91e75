using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>How much the domain and the token determine the first choice of a block's router, as fractions of the expert's entropy: 0 means
/// that they tell nothing about the expert, 1 that they determine it.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Entropy">H(expert), in nats.</param>
/// <param name="Domain">I(expert; domain) / H(expert).</param>
/// <param name="Token">I(expert; token) / H(expert).</param>
/// <param name="DomainGivenToken">
/// I(expert; domain | token) / H(expert): how much the domain still tells if the token is known, averaged over all tokens. A token that
/// occurs in a single domain adds 0, because it already determines its domain. Texts that share few tokens therefore have a small value,
/// whatever their router does.
/// </param>
public sealed record LayerSpecialization(int Layer, double Entropy, double Domain, double Token, double DomainGivenToken);

/// <summary>
/// Measures whether experts divide the work by topic or by token. With "an expert for Python and one for poems", the share of the domain
/// would be high; the authors of Mixtral and OpenMoE found a high share of the token instead.
/// </summary>
public sealed class Specialization
{
    private Specialization(IReadOnlyList<LayerSpecialization> layers, IReadOnlyList<Chart> charts) => (Layers, Charts) = (layers, charts);

    /// <summary>The blocks with experts, first to last.</summary>
    public IReadOnlyList<LayerSpecialization> Layers { get; }

    /// <summary>For each block, the share of each domain's tokens that each expert took, as [domains, experts].</summary>
    public IReadOnlyList<Chart> Charts { get; }

    /// <summary>Measures the specialization; tokens that no expert computed are left out.</summary>
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
        .Add("domain, once the token is known", Names, Layers.Select(l => l.DomainGivenToken))
        .Format(y: AxisFormat.Percent);

    /// <summary>The forms in which a notebook shows this object.</summary>
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
