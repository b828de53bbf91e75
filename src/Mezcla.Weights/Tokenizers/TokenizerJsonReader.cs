using System.Text.Json;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> where its model is byte-pair encoding: on bytes (GPT-2, Llama 3), on characters with byte
/// fallback (Llama 2, Mistral) or after other steps (Qwen, OLMo, Pythia, Gemma); or with one token per character, as
/// <see cref="TokenizerJsonWriter"/> writes it. It throws if the file has a setting that it does not know, because ignoring it would give
/// wrong tokens.
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
        var normalized = new HashSet<string>();
        foreach (var token in Items(root, "added_tokens"))
        {
            var content = String(token, "content")!;
            foreach (var flag in (string[])["single_word", "lstrip", "rstrip"])
                if (Flag(token, flag))
                    throw new FormatException($"its added token '{content}' is marked {flag}, which is not supported");
            (Flag(token, "special") ? special : always).Add(content, token.GetProperty("id").GetInt32());
            if (Flag(token, "normalized"))
                normalized.Add(content);
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
        if (!onBytes && IsSentencePiece(model, vocabulary, [.. special.Keys, .. always.Keys])
            && Prefix(root, steps) is { } spacePrefix)
            return new SentencePieceTokenizer(Pieces(vocabulary, special, always, merges, Flag(model, "byte_fallback")),
                spacePrefix, merges)
            { ExpectsBeginOfText = begins };

        if (!onBytes || Has(root, "normalizer") || ByteLevel(steps) is not var (pattern, prefixSpace))
            return Pipeline(root, onBytes, new()
            {
                Json = root.GetRawText(),
                Vocabulary = vocabulary,
                Merges = merges,
                Special = special,
                Always = always.Where(t => !normalized.Contains(t.Key)).ToDictionary(),
                AlwaysNormalized = always.Where(t => normalized.Contains(t.Key)).ToDictionary(),
                Normalize = Has(root, "normalizer") ? TextNormalizer.Read(root.GetProperty("normalizer")) : null,
                Cut = Has(root, "pre_tokenizer") ? TextCutter.Read(root.GetProperty("pre_tokenizer")) : null,
                Unknown = String(model, "unk_token"),
                FuseUnknown = Flag(model, "fuse_unk"),
                ByteFallback = Flag(model, "byte_fallback"),
                WholePieces = Flag(model, "ignore_merges"),
                Text = TextOfTokens(root, onBytes),
            }, special.Keys.FirstOrDefault(normalized.Contains), begins);
        string[] added = [.. special.Keys, .. always.Keys];
        foreach (var token in added.Where(token => !AddedTokens.IsByte(token)))
            vocabulary.Remove(token);
        merges = AddedTokens.WithoutThem(merges, added);
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

    // Whether a model on characters does what a SentencePieceTokenizer does: it merges, joins unknown neighbours or has a token for each
    // byte, and has no token with a space.
    private static bool IsSentencePiece(JsonElement model, Dictionary<string, int> vocabulary, HashSet<string> added)
    {
        var bytes = Flag(model, "byte_fallback");
        return !Flag(model, "ignore_merges") && !vocabulary.Keys.Any(token => token.Contains(' ') && !added.Contains(token))
            && (bytes ? Enumerable.Range(0, 256).All(b => vocabulary.ContainsKey($"<0x{b:X2}>")) : Flag(model, "fuse_unk"));
    }

    private static PipelineTokenizer Pipeline(JsonElement root, bool onBytes, PipelineTokenizer.Settings settings,
        string? normalizedSpecial, bool begins)
    {
        if (normalizedSpecial is not null && Has(root, "normalizer"))
            throw new FormatException($"its special token '{normalizedSpecial}' is to be found in normalized text, which is not supported");
        // There a text that has lost its beginning has no first piece any more.
        if (Steps(root, "normalizer", "normalizers").Any(MayDropTheStart)
            && Steps(root, "pre_tokenizer", "pretokenizers").Any(s => String(s, "prepend_scheme") == "first"))
            throw new FormatException("its Metaspace puts a space before a first piece whose beginning its normalizer may have taken away: "
                + "not supported");
        var needed = Enumerable.Range(0, 256).Select(b => onBytes ? ByteAlphabet.ToText([(byte)b]) : $"<0x{b:X2}>");
        if (settings.Unknown is null && (onBytes || settings.ByteFallback ? needed.FirstOrDefault(b => !settings.Vocabulary.ContainsKey(b))
            : "for every character") is { } lacking)
            throw new FormatException(onBytes || settings.ByteFallback
                ? $"it has neither an unknown token nor a token '{lacking}' for a byte, so it cannot encode every text"
                : "its tokens are neither bytes (a ByteLevel step) nor has it an unknown token, so it cannot encode every text");
        return new(settings) { ExpectsBeginOfText = begins };
    }

    private static bool MayDropTheStart(JsonElement normalizer) =>
        String(normalizer, "type") is var type && (type == "Replace" || type == "Strip" && Flag(normalizer, "strip_left"));

    private static PipelineTokenizer.TokenText TextOfTokens(JsonElement root, bool onBytes)
    {
        var steps = Steps(root, "decoder", "decoders");
        // Without a decoder tokens are words, which spaces part.
        if (steps.Length == 0)
            return onBytes ? new(OnBytes: true) : new(OnBytes: false, Before: " ", DropsFirstSpace: true);
        var text = new PipelineTokenizer.TokenText(OnBytes: false);
        foreach (var step in steps)
            text = String(step, "type") switch
            {
                "ByteLevel" => text with { OnBytes = true },
                "Metaspace" => text with
                {
                    Space = String(step, "replacement"),
                    DropsFirstSpace = String(step, "prepend_scheme") != "never" && Flag(step, "add_prefix_space", true),
                },
                "Replace" when String(step, "content") == " " && String(step.GetProperty("pattern"), "String") is { Length: > 0 } space =>
                    text with { Space = space },
                "Strip" when String(step, "content") == " " && step.GetProperty("start").GetInt32() == 1
                    && step.GetProperty("stop").GetInt32() == 0 => text with { DropsFirstSpace = true },
                "Fuse" or "ByteFallback" => text,
                _ => throw new FormatException($"its decoder {step.GetRawText()} is not supported"),
            };
        return text;
    }

    // Null for steps other than those of a BytePairTokenizer.
    private static (SplitPattern Pattern, bool PrefixSpace)? ByteLevel(JsonElement[] steps)
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
                        return null;
                    break;
                case "ByteLevel" when !bytes:
                    bytes = true;
                    prefixSpace = Flag(step, "add_prefix_space", true);
                    if (!Flag(step, "use_regex", true))
                        break;
                    if (pattern != SplitPattern.None)
                        return null;
                    pattern = SplitPattern.Gpt2;
                    break;
                default:
                    return null;
            }
        }
        // A space before each piece of a pattern is not the same as one before the text.
        return prefixSpace && steps.Length > 1 ? null : (pattern, prefixSpace);
    }

    // A normalizer (Llama 2) or, in later files, the pre-tokenizer Metaspace replaces spaces by '▁' and adds one at the start. Null for
    // steps other than these.
    private static SpacePrefix? Prefix(JsonElement root, JsonElement[] preTokenizer)
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
                    return null;
            }
        }
        return replaced ? prefix : null;
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

    // Whether a part of the pipeline is there; an empty Sequence is not.
    private static bool Has(JsonElement root, string name) => root.TryGetProperty(name, out var step)
        && step.ValueKind != JsonValueKind.Null
        && (String(step, "type") != "Sequence" || step.EnumerateObject().Any(p => p.Value is { ValueKind: JsonValueKind.Array } steps
            && steps.GetArrayLength() > 0));

    private static string? String(JsonElement element, string name) => element.TryGetProperty(name, out var child)
        ? child.GetString()
        : null;

    private static bool Flag(JsonElement element, string name, bool otherwise = false) =>
        element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? child.GetBoolean() : otherwise;
}
