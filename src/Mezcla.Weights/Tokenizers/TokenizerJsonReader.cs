using System.Text.Json;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> where its model is byte-pair encoding: on bytes (GPT-2, Llama 3) or on characters
/// with byte fallback (Llama 2, Mistral); or with one token per character, as <see cref="TokenizerJsonWriter"/> writes it. It throws if the
/// file has a setting that it does not know, because ignoring it would give wrong tokens.
/// </summary>
internal static class TokenizerJsonReader
{
    /// <exception cref="FormatException">The file is damaged, or needs something that this library does not support.</exception>
    public static Tokenizer Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new FormatException($"as a tokenizer.json it is damaged: {e.Message}", e);
        }
    }

    private static Tokenizer Read(JsonElement root)
    {
        var model = root.GetProperty("model");
        var type = String(model, "type") ?? "BPE";
        if (type is not ("BPE" or "WordLevel"))
            throw new FormatException($"its model is of the type {type}; only BPE is read");
        foreach (var suffix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (!string.IsNullOrEmpty(String(model, suffix)))
                throw new FormatException($"its {suffix} '{String(model, suffix)}' is not supported");

        var special = new Dictionary<string, int>();
        var always = new Dictionary<string, int>();
        foreach (var token in Items(root, "added_tokens"))
        {
            var content = String(token, "content")!;
            foreach (var flag in (string[])["single_word", "lstrip", "rstrip"])
                if (Flag(token, flag))
                    throw new FormatException($"its added token '{content}' is marked {flag}, which is not supported");
            (Flag(token, "special") ? special : always).Add(content, token.GetProperty("id").GetInt32());
        }
        var vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetInt32());
        var steps = Steps(root, "pre_tokenizer", "pretokenizers");
        if (type == "WordLevel")
            return steps is [var split] && String(split, "type") == "Split" && Regex(split) == TokenizerJsonWriter.AnyCharacter
                ? new CharacterTokenizer(
                    [
                        .. vocabulary.OrderBy(c => c.Value)
                            .Select((c, id) => c.Value == id
                                ? c.Key.EnumerateRunes().Single()
                                : throw new FormatException($"its characters have no id {id}"))], special)
                : throw new FormatException("its model is of the type WordLevel and its words are not characters; only BPE is read");
        var merges = Items(model, "merges").Select(Merge).ToList();
        var onBytes = steps.Any(s => String(s, "type") == "ByteLevel");
        var begins = BeginsWithSpecial(root);
        if (!onBytes)
            return new SentencePieceTokenizer(Pieces(vocabulary, special, always, merges, Flag(model, "byte_fallback")),
                Prefix(root, steps), merges)
            { ExpectsBeginOfText = begins };

        if (Steps(root, "normalizer", "normalizers") is [var normalizer, ..])
            throw new FormatException($"its normalizer {String(normalizer, "type")} is not supported");
        string[] added = [.. special.Keys, .. always.Keys];
        foreach (var token in added.Where(token => !AddedTokens.IsByte(token)))
            vocabulary.Remove(token);
        merges = AddedTokens.WithoutThem(merges, added);
        var (pattern, prefixSpace) = ByteLevel(steps);
        return Gpt2Vocabulary.FromMerges(vocabulary, merges, pattern, special, always, Flag(model, "ignore_merges"), prefixSpace,
            begins);
    }

    private static (string, string) Merge(JsonElement merge)
    {
        var parts = merge.ValueKind == JsonValueKind.Array
            ? [.. merge.EnumerateArray().Select(p => p.GetString()!)]
            : merge.GetString()!.Split(' ');
        return parts.Length == 2
            ? (parts[0], parts[1])
            : throw new FormatException($"a merge has {parts.Length} parts: '{string.Join(' ', parts)}'");
    }

    private static (SplitPattern Pattern, bool PrefixSpace) ByteLevel(JsonElement[] steps)
    {
        var pattern = SplitPattern.None;
        bool bytes = false, prefixSpace = false;
        foreach (var step in steps)
        {
            switch (String(step, "type"))
            {
                case "Split" when String(step, "behavior") == "Isolated" && !Flag(step, "invert") && pattern == SplitPattern.None && !bytes:
                    var regex = Regex(step);
                    pattern = Enum.GetValues<SplitPattern>().FirstOrDefault(known => known.Expression() is { } e && e == regex);
                    if (pattern == SplitPattern.None)
                        throw new FormatException(
                            "it splits text by an expression that is not GPT-2's, GPT-4's (and Llama 3's) or " +
                                $"GPT-4o's: {step.GetProperty("pattern").GetRawText()}");
                    break;
                case "ByteLevel" when !bytes:
                    bytes = true;
                    prefixSpace = Flag(step, "add_prefix_space", true);
                    if (!Flag(step, "use_regex", true))
                        break;
                    if (pattern != SplitPattern.None)
                        throw new FormatException("it splits text twice, by an expression of its own and by GPT-2's");
                    pattern = SplitPattern.Gpt2;
                    break;
                default:
                    throw new FormatException($"its pre_tokenizer has a step that is not supported: {step.GetRawText()}");
            }
        }
        return (pattern, prefixSpace);
    }

    // A normalizer (Llama 2) or, in later files, the pre-tokenizer Metaspace replaces spaces by '▁' and adds one at the start.
    private static SpacePrefix Prefix(JsonElement root, JsonElement[] preTokenizer)
    {
        var prefix = SpacePrefix.Never;
        var replaced = false;
        foreach (var step in Steps(root, "normalizer", "normalizers").Concat(preTokenizer))
        {
            switch (String(step, "type"))
            {
                case "Prepend" when String(step, "prepend") == "▁":
                    prefix = SpacePrefix.EachPart;
                    break;
                case "Replace" when String(step, "content") == "▁" && String(step.GetProperty("pattern"), "String") == " ":
                    replaced = true;
                    break;
                case "Metaspace" when (String(step, "replacement") ?? "▁") == "▁" && !Flag(step, "split", true):
                    replaced = true;
                    prefix = String(step, "prepend_scheme") switch
                    {
                        "never" => SpacePrefix.Never,
                        "first" => SpacePrefix.Start,
                        _ => SpacePrefix.EachPartWithoutSpace,
                    };
                    break;
                default:
                    throw new FormatException($"it prepares text by a step that is not supported: {step.GetRawText()}");
            }
        }
        return replaced
            ? prefix
            : throw new FormatException("its tokens are neither bytes (a ByteLevel step) nor text with '▁' for a space");
    }

    private static SentencePiece[] Pieces(Dictionary<string, int> vocabulary, Dictionary<string, int> special,
        Dictionary<string, int> always,
        List<(string Left, string Right)> merges, bool byteFallback)
    {
        foreach (var (text, id) in special.Concat(always))
            vocabulary[text] = id;
        var scores = new Dictionary<string, float>();
        for (var rank = 0; rank < merges.Count; rank++)
            scores.TryAdd(merges[rank].Left + merges[rank].Right, -rank);
        var pieces = new SentencePiece[vocabulary.Count];
        foreach (var (text, id) in vocabulary)
        {
            if ((uint)id >= (uint)pieces.Length || pieces[id].Text is not null)
                throw new FormatException(
                    $"its {pieces.Length} tokens should have the ids from 0 to {pieces.Length - 1}, but '{text}' " +
                        $"has {id}{((uint)id < (uint)pieces.Length ? ", and so has another" : "")}");
            var type = text == "<unk>" ? SentencePieceType.Unknown
                : special.ContainsKey(text) ? SentencePieceType.Control
                : always.ContainsKey(text) ? SentencePieceType.UserDefined
                : byteFallback && SentencePieceTokenizer.ParseByte(text) is not null ? SentencePieceType.Byte : SentencePieceType.Normal;
            pieces[id] = new(text.Replace(' ', '▁'), scores.GetValueOrDefault(text), type);
        }
        return pieces;
    }

    private static string? Regex(JsonElement step) => step.GetProperty("pattern").TryGetProperty("Regex", out var regex)
        ? regex.GetString()
        : null;

    // Whether the template of post_processor puts a special token before a text.
    private static bool BeginsWithSpecial(JsonElement root) => Steps(root, "post_processor", "processors")
        .Where(s => String(s, "type") == "TemplateProcessing")
        .Any(s => Items(s, "single").FirstOrDefault() is { ValueKind: JsonValueKind.Object } first
            && first.TryGetProperty("SpecialToken", out _));

    // The steps of a part of the pipeline: none, one, or a Sequence of them.
    private static JsonElement[] Steps(JsonElement root, string name, string inSequence)
    {
        if (!root.TryGetProperty(name, out var step) || step.ValueKind == JsonValueKind.Null)
            return [];
        return String(step, "type") == "Sequence" ? [.. Items(step, inSequence)] : [step];
    }

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.TryGetProperty(name, out var list) && list.ValueKind != JsonValueKind.Null ? list.EnumerateArray() : [];

    private static string? String(JsonElement element, string name) => element.TryGetProperty(name, out var child)
        ? child.GetString()
        : null;

    private static bool Flag(JsonElement element, string name, bool otherwise = false) =>
        element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? child.GetBoolean() : otherwise;
}
