using System.Text.Json;

namespace Mezcla.Tokenization;

/// <summary>Reads Hugging Face's <c>tokenizer.json</c> where its model is byte-pair encoding: the shapes of GPT-2 and Llama 3.</summary>
internal static class HuggingFaceReader
{
    /// <exception cref="FormatException">The file is damaged, or asks for something this library does not do.</exception>
    public static Tokenizer Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new FormatException($"not a tokenizer.json that can be read: {e.Message}", e);
        }
    }

    private static BytePairTokenizer Read(JsonElement root)
    {
        var model = root.GetProperty("model");
        string? type = String(model, "type");
        if (type is not (null or "BPE")) throw new FormatException($"its model is of the type {type}; only BPE is read");
        if (Child(root, "normalizer") is { } normalizer) throw new FormatException($"its normalizer {String(normalizer, "type")} is not supported");

        var special = new Dictionary<string, int>();
        if (Child(root, "added_tokens") is { } added)
            foreach (var token in added.EnumerateArray())
                special.Add(token.GetProperty("content").GetString()!, token.GetProperty("id").GetInt32());

        var (pattern, prefixSpace) = PreTokenizer(Child(root, "pre_tokenizer"));
        var (tokens, ids) = Tokens(model.GetProperty("vocab"), special);
        var merges = new MergeTable(ids.Count);
        int rank = 0;
        foreach (var merge in model.GetProperty("merges").EnumerateArray())
        {
            string[] parts = merge.ValueKind == JsonValueKind.Array ? [.. merge.EnumerateArray().Select(p => p.GetString()!)] : merge.GetString()!.Split(' ');
            if (parts.Length != 2) throw new FormatException($"merge {rank} has {parts.Length} parts: '{string.Join(' ', parts)}'");
            merges.Add(Id(parts[0]), Id(parts[1]), rank++, Id(parts[0] + parts[1]));
        }
        bool whole = Child(model, "ignore_merges") is { ValueKind: JsonValueKind.True };
        return new BytePairTokenizer(new Vocabulary(tokens), merges, whole, pattern, special, prefixSpace);

        int Id(string token) => ids.TryGetValue(token, out int id) ? id : throw new FormatException($"merge {rank} names '{token}', which the vocabulary lacks");
    }

    private static (byte[]?[] Tokens, Dictionary<string, int> Ids) Tokens(JsonElement vocabulary, Dictionary<string, int> special)
    {
        var ids = new Dictionary<string, int>();
        foreach (var entry in vocabulary.EnumerateObject())
            if (!special.ContainsKey(entry.Name))
                ids.Add(entry.Name, entry.Value.GetInt32());
        int largest = ids.Count == 0 ? -1 : ids.Values.Max();
        // A hostile file could name one token with an id of two thousand millions.
        if (largest > ids.Count * 4 + 100_000) throw new FormatException($"it has {ids.Count} tokens, and yet an id as large as {largest}");
        var tokens = new byte[]?[largest + 1];
        foreach (var (text, id) in ids)
        {
            if (id < 0 || tokens[id] is not null) throw new FormatException($"the token '{text}' has the id {id}, which {(id < 0 ? "is negative" : "another token has too")}");
            tokens[id] = ByteAlphabet.ToBytes(text);
        }
        return (tokens, ids);
    }

    private static (SplitPattern Pattern, bool PrefixSpace) PreTokenizer(JsonElement? element)
    {
        if (element is not { } step) throw new FormatException("it has no pre_tokenizer, so its tokens are not bytes");
        JsonElement[] steps = String(step, "type") == "Sequence" ? [.. step.GetProperty("pretokenizers").EnumerateArray()] : [step];
        var pattern = SplitPattern.None;
        bool bytes = false, prefixSpace = false;
        foreach (var s in steps)
        {
            switch (String(s, "type"))
            {
                case "Split" when String(s, "behavior") == "Isolated" && !Flag(s, "invert", false) && pattern == SplitPattern.None && !bytes:
                    string? regex = Child(s, "pattern") is { } p ? String(p, "Regex") : null;
                    pattern = Enum.GetValues<SplitPattern>().FirstOrDefault(known => known.Expression() == regex);
                    if (pattern == SplitPattern.None) throw new FormatException($"it splits text by an expression that is not one of GPT-2's, GPT-4's (Llama 3's) or GPT-4o's: {regex}");
                    break;
                case "ByteLevel" when !bytes:
                    bytes = true;
                    prefixSpace = Flag(s, "add_prefix_space", true);
                    if (Flag(s, "use_regex", true))
                        pattern = pattern == SplitPattern.None ? SplitPattern.Gpt2 : throw new FormatException("it splits text twice, by an expression of its own and by GPT-2's");
                    break;
                default:
                    throw new FormatException($"its pre_tokenizer has a step that is not supported: {s.GetRawText()}");
            }
        }
        return bytes ? (pattern, prefixSpace) : throw new FormatException("its pre_tokenizer has no ByteLevel step, so its tokens are not bytes");
    }

    private static JsonElement? Child(JsonElement element, string name) =>
        element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? child : null;

    private static string? String(JsonElement element, string name) => Child(element, name)?.GetString();

    private static bool Flag(JsonElement element, string name, bool otherwise) => Child(element, name)?.GetBoolean() ?? otherwise;
}
