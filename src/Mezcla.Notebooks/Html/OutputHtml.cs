using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Html;

/// <summary>Renders an output of a cell in the richest MIME type that a page can show without a network.</summary>
public static class OutputHtml
{
    private const int LongestText = 200_000;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The HTML of an output.</summary>
    /// <param name="output">The output.</param>
    /// <param name="markdown">Renders Markdown.</param>
    /// <param name="id">The anchor of the output, or null for none.</param>
    public static string ToHtml(NotebookOutput output, MarkdownHtml markdown, string? id = null) => output switch
    {
        StreamOutput stream => Preformatted(Cut(stream.Text), stream.Stream == OutputStream.Error ? " err" : ""),
        ErrorOutput error => $"<div class=\"out failed\" role=\"alert\"><pre>{AnsiText.ToHtml(Cut(Told(error)))}</pre></div>",
        DisplayOutput display => ToHtml(display.Bundle, markdown, id is null ? "" : $" id=\"{id}\""),
        UnknownOutput unknown => $"<pre class=\"out\">{WebUtility.HtmlEncode(Cut(unknown.Json.ToJsonString(Indented)))}</pre>",
        _ => "",
    };

    private static string Told(ErrorOutput error) =>
        error.Traceback.Count > 0 ? string.Join('\n', error.Traceback) : $"{error.Name}: {error.Message}";

    /// <summary>The HTML of a bundle.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="markdown">Renders Markdown.</param>
    /// <param name="id">The attribute <c>id</c> with a space before it, or nothing.</param>
    public static string ToHtml(MimeBundle bundle, MarkdownHtml markdown, string id = "")
    {
        if (DrawnOutput.OnPage(bundle) is { } drawn)
            return $"<div class=\"out rich\"{id}>{drawn}</div>";
        if (bundle[MimeBundle.Html] is { } html)
            return $"<div class=\"out rich\"{id}>{html}</div>";
        if (bundle[MimeBundle.Svg] is { } svg)
            return Picture(svg[Math.Max(svg.IndexOf("<svg", StringComparison.Ordinal), 0)..], bundle[MimeBundle.PlainText] ?? "picture");
        foreach (var type in new[] { "image/png", "image/jpeg", "image/gif", "image/webp" })
        {
            if (bundle[type] is { } image)
                return $"<div class=\"out rich\"><img src=\"data:{type};base64,{image.Replace("\n", "")}\" " +
                    $"alt=\"{WebUtility.HtmlEncode(bundle[MimeBundle.PlainText] ?? "picture")}\"{Size(bundle.Metadata[type])}></div>";
        }
        if (bundle[MimeBundle.Markdown] is { } text)
            return $"<div class=\"out rich prose\">{markdown.ToHtml(text, collect: false)}</div>";
        if (bundle[MimeBundle.Latex] is { } latex)
            return $"<div class=\"out rich math\">{LatexMath.ToMathMl(latex.Trim().Trim('$'), display: true)}</div>";
        if (bundle[MimeBundle.PlainText] is { } plain)
            return Preformatted(Cut(plain));
        if (bundle[MimeBundle.JavaScript] is { } script)
            return $"<script>{script.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase)}</script>";
        var json = new StringBuilder();
        foreach (var (mime, content) in bundle.Data.Where(d => MimeBundle.IsJson(d.Key)))
            json.Append(mime).Append('\n').Append(content).Append('\n');
        return json.Length > 0
            ? $"<pre class=\"out\">{WebUtility.HtmlEncode(Cut(json.ToString()))}</pre>"
            : $"<p class=\"out\">An output of the types {WebUtility.HtmlEncode(string.Join(", ", bundle.Data.Keys))}, which a page " +
                "cannot show.</p>";
    }

    /// <summary>Renders plain text. Prose, and lines longer than those of any table, are wrapped.</summary>
    private static string Preformatted(string text, string kind = "") =>
        $"<pre class=\"out{kind}{(text.Split('\n').Any(l => l.Length > 110) || !HasColumns(text) ? " long" : "")}\">" +
            $"{AnsiText.ToHtml(text)}</pre>";

    private static bool HasColumns(string text) => text.Contains("  ") || text.Any(c => c is '\t' or (>= '─' and <= '▟'));

    /// <summary>Shows an SVG. If it declares no role, it gets its plain-text form as a label for screen readers.</summary>
    private static string Picture(string svg, string words)
    {
        var end = svg.IndexOf('>');
        var role = end < 0 || svg[..end].Contains("role=", StringComparison.Ordinal)
            ? ""
            : $" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(words)}\"";
        return $"<div class=\"out rich\"{role}>{svg}</div>";
    }

    private static string Size(JsonNode? metadata)
    {
        var size = new StringBuilder();
        foreach (var side in new[] { "width", "height" })
        {
            if (metadata is JsonObject map && double.TryParse(map[side]?.ToString(), CultureInfo.InvariantCulture, out var pixels)
                && pixels is > 0 and < 10_000)
                size.Append($" {side}=\"{(int)pixels}\"");
        }
        return size.ToString();
    }

    private static string Cut(string text) => text.Length <= LongestText
        ? text
        : text[..(LongestText / 2)] + $"\n… {text.Length - LongestText:N0} characters left out …\n" + text[^(LongestText / 2)..];
}
