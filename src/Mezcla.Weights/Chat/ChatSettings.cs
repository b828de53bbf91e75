using System.Text.Json;
using Mezcla.Tokenization;
using Mezcla.Weights.Gguf;

namespace Mezcla.Weights.Chat;

/// <summary>What the files of a model say about conversations and about where its texts end.</summary>
/// <param name="Format">The format of conversations; null if the files name none, or one that is not known.</param>
/// <param name="HasTemplate">Whether the files have a template, known or not.</param>
/// <param name="Ends">Ids of the tokens that end what the model writes.</param>
public sealed record ChatSettings(ChatFormat? Format, bool HasTemplate, IReadOnlyList<int> Ends)
{
    /// <summary>The settings of a model without any.</summary>
    public static ChatSettings None { get; } = new(null, false, []);

    /// <summary>Reads the metadata of a GGUF file.</summary>
    public static ChatSettings Read(GgufMetadata metadata)
    {
        const string Prefix = "tokenizer.ggml.";
        if (!metadata.Contains(Prefix + "tokens"))
            return None;
        var tokens = metadata.GetStrings(Prefix + "tokens");
        int? Id(string key) => metadata.GetInteger(Prefix + key, -1) is var id && id >= 0 && id < tokens.Length ? (int)id : null;
        string Text(string key) => Id(key) is { } id ? tokens[id] : "";
        var template = metadata.Contains("tokenizer.chat_template") ? metadata.GetString("tokenizer.chat_template", "") : null;
        var ends = new[] { "eos_token_id", "eot_token_id", "eom_token_id" }.Select(Id).OfType<int>().ToList();
        return Of(template, Text("bos_token_id"), Text("eos_token_id"), ends, text => Array.IndexOf(tokens, text));
    }

    /// <summary>Reads the files <c>tokenizer_config.json</c>, <c>chat_template.jinja</c> and <c>generation_config.json</c> of a
    /// folder.</summary>
    /// <exception cref="InvalidDataException">One of them is damaged.</exception>
    public static ChatSettings Read(string folder, Tokenizer? tokenizer)
    {
        var config = Json(folder, "tokenizer_config.json");
        var own = Path.Combine(folder, "chat_template.jinja");
        var template = File.Exists(own) ? File.ReadAllText(own) : Template(config);
        var ends = new List<int>();
        foreach (var name in (string[])["generation_config.json", HuggingFace.HuggingFaceConfig.FileName])
            if (Json(folder, name) is { } json && json.TryGetProperty("eos_token_id", out var id))
                ends.AddRange((id.ValueKind == JsonValueKind.Array ? id.EnumerateArray() : Enumerable.Repeat(id, 1))
                    .Where(e => e.ValueKind == JsonValueKind.Number).Select(e => e.TryGetInt32(out var number) ? number : -1));
        return Of(template, Token(config, "bos_token"), Token(config, "eos_token"), ends,
            text => tokenizer is not null && tokenizer.SpecialTokens.TryGetValue(text, out var id) ? id : -1);
    }

    private static ChatSettings Of(string? template, string begin, string end, List<int> ends, Func<string, int> find)
    {
        var format = template is null ? null : ChatFormats.Recognize(template, begin, end);
        var all = ends.Concat((format?.Stops ?? []).Append(end).Where(text => text.Length > 0).Select(find));
        return new(format, template is not null, [.. all.Where(id => id >= 0).Distinct()]);
    }

    private static JsonElement? Json(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Path.GetFullPath(path)}: {e.Message}", e);
        }
    }

    // A text, or several with names.
    private static string? Template(JsonElement? config)
    {
        if (config is not { } json || !json.TryGetProperty("chat_template", out var template))
            return null;
        if (template.ValueKind != JsonValueKind.Array)
            return template.ValueKind == JsonValueKind.String ? template.GetString() : null;
        var named = template.EnumerateArray()
            .Where(t => t.ValueKind == JsonValueKind.Object && t.TryGetProperty("template", out _)).ToList();
        var chosen = named.FirstOrDefault(t => t.TryGetProperty("name", out var name) && name.ToString() == "default");
        return named.Count == 0 ? null : (chosen.ValueKind == JsonValueKind.Object ? chosen : named[0]).GetProperty("template").ToString();
    }

    // A text, or an object with one.
    private static string Token(JsonElement? config, string name)
    {
        if (config is not { } json || !json.TryGetProperty(name, out var token))
            return "";
        if (token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out var content))
            token = content;
        return token.ValueKind == JsonValueKind.String ? token.GetString()! : "";
    }
}
