using System.Net;
using System.Text;
using Mezcla.Charts;
using Mezcla.Experiments.Observation;
using Mezcla.Tokenization;

namespace Mezcla.Cli.Observation;

/// <summary>The page that <c>mezcla observe</c> writes. It loads nothing from elsewhere.</summary>
internal static class ObservationPage
{
    private const int TokensOfText = 600;

    /// <summary>The page.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="observed">What was observed.</param>
    /// <param name="tokenizer">The tokenizer of the model.</param>
    public static string Write(string model, ObservedRouting observed, Tokenizer tokenizer)
    {
        var html = new StringBuilder();
        var chosen = observed.Layers.SelectMany(l => l.Choices).Max(c => c.Length);
        html.Append($$"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>{{Encoded(model)}}, observed</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
            table{border-collapse:collapse}th,td{padding:.2rem .7rem;text-align:right}h2{margin-top:2.5rem}</style></head><body>
            <h1>{{Encoded(model)}}, observed</h1>
            <p>{{observed.Ids.Count:N0}} tokens ({{Encoded(string.Join(", ", observed.Domains.Select((name, d) =>
                FormattableString.Invariant($"{name} {observed.DomainOf.Count(x => x == d):N0}"))))}}) in {{observed.Layers.Count}} blocks
            with {{observed.Layers[0].Experts}} experts, of which a token uses {{chosen}}.</p>

            """);
        Section("Load", "Which share of the work each expert had. An even load is a row of one colour.",
            ObservedLoad.Of(observed).ToMimeBundle());
        if (observed.Domains.Count > 1)
        {
            Section("Domains", "How much the token and the domain tell about the expert, as shares of its entropy. The third bar is what " +
                "the domain tells once the token is known: only that would be an expert for a subject.", Specialization.Of(observed)
                .ToMimeBundle());
            Section("Preferences of the domains", "Experts that a domain uses more often than its tokens explain: each token is compared " +
                "with the same token in the other domains. Among many experts a few stand out by chance; more than four deviations " +
                "hardly ever do.", DomainPreferences.Of(observed).ToMimeBundle());
        }
        Section("Repeats", "How often a token goes to the expert of the token before it, and how often it would by chance.",
            Repetition.Of(observed).ToMimeBundle());
        if (chosen > 1)
            Section("Co-activation", "Pairs of experts that compute the same tokens more often than their loads explain.",
                CoActivation.Of(observed).ToMimeBundle());
        html.Append("<h2>The texts</h2>\n");
        foreach (var layer in observed.Layers.Take(1).Append(observed.Layers[observed.Layers.Count / 2]).Append(observed.Layers[^1])
            .Distinct())
            for (var domain = 0; domain < observed.Domains.Count; domain++)
            {
                int[] places = [.. Enumerable.Range(0, observed.Ids.Count).Where(i => observed.DomainOf[i] == domain).Take(TokensOfText)];
                var text = TokenText.ByExpert(places.Select(i => tokenizer.Decode([observed.Ids[i]])),
                    places.Select(i => layer.Choices[i]), places.Select(i => layer.Weights[i]), layer.Experts,
                    title: $"{observed.Domains[domain]}, block {layer.Layer}");
                html.Append(text.ToMimeBundle()["text/html"]).Append('\n');
            }
        return html.Append("</body></html>\n").ToString();

        void Section(string title, string about, IReadOnlyDictionary<string, string> shown) =>
            html.Append($"<h2>{title}</h2>\n<p>{about}</p>\n{shown["text/html"]}\n");
    }

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}
