using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Creates bundles from content whose MIME type is known.</summary>
internal static partial class MimeForms
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>Creates a bundle from content, and adds plain text for front ends that can show only text.</summary>
    public static MimeBundle OfContent(string mime, string content)
    {
        var bundle = new MimeBundle(mime, content);
        return PlainOf(bundle) is { } plain && mime != MimeBundle.PlainText
            ? new MimeBundle(bundle.Data.Append(KeyValuePair.Create(MimeBundle.PlainText, plain)))
            : bundle;
    }

    /// <summary>The part of a bundle that can be read as plain text, or null.</summary>
    public static string? PlainOf(MimeBundle bundle) =>
        bundle[MimeBundle.PlainText] ?? bundle[MimeBundle.Markdown] ?? bundle[MimeBundle.Latex]
        ?? bundle[MimeBundle.Mermaid]
        ?? (bundle[MimeBundle.Html] is { } html ? WebUtility.HtmlDecode(Markup().Replace(html, "")).Trim() : null)
        ?? (bundle[MimeBundle.JavaScript] is null ? null : "(a script that the front end runs)");

    /// <summary>A JSON value as text, or null for any other value.</summary>
    public static (string Compact, string Indented)? OfJson(object value) => value switch
    {
        JsonNode node => (node.ToJsonString(Compact), node.ToJsonString(Indented)),
        JsonElement element => (JsonSerializer.Serialize(element, Compact), JsonSerializer.Serialize(element, Indented)),
        JsonDocument document => OfJson(document.RootElement),
        _ => null,
    };

    /// <summary>Serializes a value as JSON if the MIME type is a JSON type; otherwise returns null.</summary>
    public static string? JsonOf(object value, string mime) => MimeBundle.IsJson(mime) ? JsonSerializer.Serialize(value, Compact) : null;

    [GeneratedRegex("<(style|script)[^>]*>.*?</\\1>|<[^>]*>",
        RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Markup();
}
