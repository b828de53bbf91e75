using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks;

/// <summary>
/// One thing to show, in one or more MIME types, each with its content. A front end shows the richest type that it understands.
/// </summary>
/// <remarks>
/// Contents are strings. Under <c>application/json</c> and every <c>…+json</c> type the string is a JSON text (<see cref="ToJson"/> puts
/// it into messages and notebooks as JSON); under binary types such as <c>image/png</c> it is Base64. A library can provide bundles for
/// its own types without referencing this one: the engine calls a public instance method <c>IReadOnlyDictionary&lt;string, string&gt;
/// ToMimeBundle()</c>, which it finds by its name and return type.
/// </remarks>
public sealed class MimeBundle
{
    /// <summary>MIME type of plain text.</summary>
    public const string PlainText = "text/plain";

    /// <summary>MIME type of an HTML fragment.</summary>
    public const string Html = "text/html";

    /// <summary>MIME type of a picture in SVG.</summary>
    public const string Svg = "image/svg+xml";

    /// <summary>MIME type of a Markdown text.</summary>
    public const string Markdown = "text/markdown";

    /// <summary>MIME type of a LaTeX text with formulas between dollar signs.</summary>
    public const string Latex = "text/latex";

    /// <summary>MIME type of a script that the front end runs.</summary>
    public const string JavaScript = "application/javascript";

    /// <summary>MIME type of a diagram in Mermaid's language, which JupyterLab draws.</summary>
    public const string Mermaid = "text/vnd.mermaid";

    /// <summary>MIME type of a figure of plotly.js: an object with <c>data</c>, <c>layout</c> and <c>config</c>.</summary>
    public const string Plotly = "application/vnd.plotly.v1+json";

    /// <summary>MIME type of a JSON value.</summary>
    public const string Json = "application/json";

    private readonly Dictionary<string, string> _data;

    /// <summary>Creates a bundle with the given contents.</summary>
    /// <param name="data">The content for each MIME type.</param>
    /// <param name="metadata">Metadata as front ends define it (for instance width and height under the MIME type), or none.</param>
    public MimeBundle(IEnumerable<KeyValuePair<string, string>> data, JsonObject? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        _data = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (mime, content) in data)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(mime, nameof(data));
            _data[mime] = content ?? throw new ArgumentException($"The content for {mime} is null.", nameof(data));
        }

        Metadata = metadata ?? [];
    }

    /// <summary>Creates a bundle with one MIME type.</summary>
    public MimeBundle(string mimeType, string content)
        : this([KeyValuePair.Create(mimeType, content)])
    {
    }

    /// <summary>The content for each MIME type.</summary>
    public IReadOnlyDictionary<string, string> Data => _data;

    /// <summary>Metadata for front ends; empty for most bundles.</summary>
    public JsonObject Metadata { get; }

    /// <summary>The content under a MIME type, or null.</summary>
    public string? this[string mimeType] => _data.GetValueOrDefault(mimeType);

    /// <summary>Whether contents under this MIME type are JSON texts.</summary>
    public static bool IsJson(string mimeType) =>
        mimeType.StartsWith("application/", StringComparison.Ordinal)
        && (mimeType.EndsWith("/json", StringComparison.Ordinal) || mimeType.EndsWith("+json", StringComparison.Ordinal));

    /// <summary>
    /// The <c>data</c> object of Jupyter messages and notebooks. Its values are strings, and JSON values under the JSON types. If the
    /// content of a JSON type is not valid JSON, it stays a string.
    /// </summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (mime, content) in _data)
            json[mime] = IsJson(mime) ? ParseOrText(content) : JsonValue.Create(content);

        return json;
    }

    /// <summary>
    /// Reads the <c>data</c> object of a message or notebook. Lists of strings, in which notebooks store several lines, are joined.
    /// </summary>
    public static MimeBundle FromJson(JsonObject data, JsonObject? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new MimeBundle(data.Select(pair => KeyValuePair.Create(pair.Key, TextOf(pair.Key, pair.Value))), metadata);
    }

    private static string TextOf(string mime, JsonNode? node)
    {
        if (IsJson(mime))
            return node?.ToJsonString() ?? "null";

        return node switch
        {
            JsonArray lines => string.Concat(lines.Select(line => line?.GetValue<string>())),
            JsonValue value when value.TryGetValue(out string? text) => text,
            _ => node?.ToJsonString() ?? "",
        };
    }

    private static JsonNode? ParseOrText(string content)
    {
        try
        {
            return JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            return JsonValue.Create(content);
        }
    }
}
