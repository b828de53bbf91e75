using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;
using Newtonsoft.Json;
using Plotly.NET;

namespace Mezcla.Interactive.Figures;

/// <summary>Shows a chart of Plotly.NET: as its figure, which front ends and pages draw, as HTML that draws it where plotly.js is, and in
/// words.</summary>
internal static class PlotlyForm
{
    private static readonly JsonSerializerSettings Settings = new() { ReferenceLoopHandling = ReferenceLoopHandling.Serialize };

    /// <summary>The form of a chart.</summary>
    public static MimeBundle Of(GenericChart chart)
    {
        var figure = ToJson(chart);
        var words = Words(figure);
        return new MimeBundle(
        [
            KeyValuePair.Create(MimeBundle.Plotly, figure),
            KeyValuePair.Create(MimeBundle.Html, DrawnOutput.ToHtml(MimeBundle.Plotly, figure, words)),
            KeyValuePair.Create(MimeBundle.PlainText, words),
        ]);
    }

    /// <summary>The figure as JSON.</summary>
    /// <remarks>It is what Plotly.NET's own function gives, which cannot be used in .NET Interactive's kernel: it prepares HTML as
    /// well, by a
    /// library that gets the kernel's version of FSharp.Core there and not Plotly.NET's.</remarks>
    internal static string ToJson(GenericChart chart) => JsonConvert.SerializeObject(
        new Dictionary<string, object>
        {
            ["data"] = GenericChart.getTraces(chart),
            ["layout"] = GenericChart.getLayout(chart),
            ["config"] = GenericChart.getConfig(chart),
        },
        Settings);

    /// <summary>What the chart shows, for readers of plain text: its title, and the kind and name of each trace.</summary>
    private static string Words(string figure)
    {
        var root = JsonNode.Parse(figure)!;
        var title = root["layout"]?["title"] is JsonObject named ? named["text"] : root["layout"]?["title"];
        var traces = (root["data"] as JsonArray ?? []).Select(trace =>
            $"{trace?["type"]}{(trace?["name"] is { } name && name.ToString().Length > 0 ? $" \"{name}\"" : "")}").ToList();
        var shown = string.Join(", ", traces.Take(8)) + (traces.Count > 8 ? $" and {traces.Count - 8} more" : "");
        var titled = title?.GetValueKind() == JsonValueKind.String && title.ToString() is { Length: > 0 } text ? $" \"{text}\"" : "";
        return $"Plotly chart{titled}: {(shown.Length > 0 ? shown : "no data")}";
    }
}
