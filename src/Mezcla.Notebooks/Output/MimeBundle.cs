using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks;

/// <summary>
/// One thing to show, in as many forms as its maker knows: MIME type to content. A front end takes the richest form it understands.
/// </summary>
/// <remarks>
/// Contents are strings. Under <c>application/json</c> and every <c>…+json</c> type the string is a JSON text (<see cref="ToJson"/> puts it
/// into messages and notebooks as JSON); under binary types such as <c>image/png</c> it is Base64. This is also the convention by which a
/// library offers its own display without referencing this one: a public instance method
/// <c>IReadOnlyDictionary&lt;string, string&gt; ToMimeBundle()</c>, found by its name and return type.
/// </remarks>
public sealed class MimeBundle
{
    /// <summary>MIME type of text that is shown as it stands.</summary>
    public const string PlainText = "text/plain";

    /// <summary>MIME type of an HTML fragment.</summary>
    public const string Html = "text/html";

    /// <summary>MIME type of a Markdown text.</summary>
    public const string Markdown = "text/markdown";

    /// <summary>MIME type of a LaTeX text, mathematics between dollar signs.</summary>
    public const string Latex = "text/latex";

    /// <summary>MIME type of a script the front end runs.</summary>
    public const string JavaScript = "application/javascript";

    /// <summary>MIME type of a JSON value.</summary>
    public const string Json = "application/json";

    private readonly Dictionary<string, string> _data;

    /// <summary>Makes a bundle of the given forms.</summary>
    /// <param name="data">MIME type to content.</param>
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

    /// <summary>Makes a bundle of one form.</summary>
    public MimeBundle(string mimeType, string content)
        : this([KeyValuePair.Create(mimeType, content)])
    {
    }

    /// <summary>MIME type to content.</summary>
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
    /// The <c>data</c> object of Jupyter messages and notebooks: strings, and JSON values under the JSON types. A JSON type whose text
    /// is not valid JSON is given as a string.
    /// </summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (mime, content) in _data)
            json[mime] = IsJson(mime) ? ParseOrText(content) : JsonValue.Create(content);

        return json;
    }

    /// <summary>
    /// Reads the <c>data</c> object of a message or notebook. Lists of strings (how notebooks store several lines) are joined.
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
