using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mezcla.Tokenization;

/// <summary>Writes a tokenizer as Hugging Face's <c>tokenizer.json</c>, which <see cref="HuggingFaceReader"/> and other programs read.</summary>
internal static class HuggingFaceWriter
{
    /// <summary>The pre-tokenizer's expression for one character a piece.</summary>
    public const string AnyCharacter = @"[\s\S]";

    private static readonly object SpaceToMark = new { type = "Replace", pattern = new { String = " " }, content = "▁" };

    public static void Write(Tokenizer tokenizer, Stream stream)
    {
        var (normalizer, preTokenizer, decoder) = tokenizer switch
        {
            BytePairTokenizer bytes => ByteLevel(bytes),
            SentencePieceTokenizer pieces => Metaspace(pieces),
            _ => (null, Split(AnyCharacter), new { type = "Fuse" }),
        };
        using var json = new Utf8JsonWriter(stream, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        foreach (string absent in (string[])["truncation", "padding"]) json.WriteNull(absent);
        Write(json, "added_tokens", tokenizer.SpecialTokens.Select(t => (t, special: true)).Concat(tokenizer.AlwaysTokens.Select(t => (t, special: false))).OrderBy(t => t.t.Value)
            .Select(t => new { id = t.t.Value, content = t.t.Key, single_word = false, lstrip = false, rstrip = false, normalized = false, t.special }));
        Write(json, "normalizer", normalizer);
        Write(json, "pre_tokenizer", preTokenizer);
        Write(json, "post_processor", tokenizer is { ExpectsBeginOfText: true, BeginOfText: int begin } ? Template(tokenizer.SpecialTokens.First(t => t.Value == begin).Key, begin) : null);
        Write(json, "decoder", decoder);
        json.WriteStartObject("model");
        if (tokenizer is CharacterTokenizer characters)
        {
            json.WriteString("type", "WordLevel");
            Write(json, "vocab", characters.Characters.ToDictionary(c => c.Key.ToString(), c => c.Value));
            json.WriteString("unk_token", "<unk>");
        }
        else
        {
            json.WriteString("type", "BPE");
            foreach (string absent in (string[])["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) json.WriteNull(absent);
            WriteBytePairs(json, tokenizer);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static (object?, object?, object?) ByteLevel(BytePairTokenizer tokenizer)
    {
        object byteLevel = new { type = "ByteLevel", add_prefix_space = tokenizer.AddPrefixSpace, trim_offsets = true, use_regex = false };
        return (null, tokenizer.Pattern.Expression() is { } regex ? Sequence("pretokenizers", Split(regex), byteLevel) : byteLevel, byteLevel);
    }

    private static (object?, object?, object?) Metaspace(SentencePieceTokenizer tokenizer)
    {
        if (tokenizer.Prefix == SpacePrefix.StartAndAfterControl && tokenizer.AlwaysTokens.Any())
            throw new NotSupportedException("A tokenizer.json cannot say where SentencePiece puts spaces around user-defined symbols, and this tokenizer has some.");
        string? scheme = tokenizer.Prefix switch { SpacePrefix.Start => "first", SpacePrefix.EachPartWithoutSpace => "always", _ => null };
        object? preTokenizer = scheme is null ? null : new { type = "Metaspace", replacement = "▁", prepend_scheme = scheme, split = false };
        object? normalizer = scheme is not null ? null
            : tokenizer.Prefix == SpacePrefix.Never ? SpaceToMark : Sequence("normalizers", new { type = "Prepend", prepend = "▁" }, SpaceToMark);
        object[] decoders = [new { type = "Replace", pattern = new { String = "▁" }, content = " " }, new { type = "ByteFallback" }, new { type = "Fuse" }];
        if (tokenizer.Prefix != SpacePrefix.Never) decoders = [.. decoders, new { type = "Strip", content = " ", start = 1, stop = 0 }];
        return (normalizer, preTokenizer, Sequence("decoders", decoders));
    }

    private static void WriteBytePairs(Utf8JsonWriter json, Tokenizer tokenizer)
    {
        var bytes = tokenizer as BytePairTokenizer;
        var pieces = tokenizer as SentencePieceTokenizer;
        string[] text = bytes is not null ? [.. Enumerable.Range(0, bytes.Vocabulary.Count).Select(id => ByteAlphabet.ToText(bytes.Vocabulary[id]))] : [.. pieces!.Pieces.Select(p => p.Type is SentencePieceType.Normal ? p.Text : p.Text.Replace('▁', ' '))];
        bool fallback = pieces?.Pieces.Any(p => p.Type == SentencePieceType.Byte) ?? false;
        json.WriteString("unk_token", pieces?.Pieces.FirstOrDefault(p => p.Type == SentencePieceType.Unknown).Text);
        json.WriteBoolean("fuse_unk", pieces is not null);
        json.WriteBoolean("byte_fallback", fallback);
        json.WriteBoolean("ignore_merges", bytes is { WholePieces: true });
        json.WriteStartObject("vocab");
        for (int id = 0; id < text.Length; id++)
            if (text[id].Length > 0)
                json.WriteNumber(text[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in bytes?.Merges ?? pieces!.Merges) Write(json, null, (string[])[text[left], text[right]]);
        json.WriteEndArray();
    }

    // One begin-of-text token before a text, or before each of two.
    private static object Template(string name, int begin)
    {
        static object Special(string id, int part) => new { SpecialToken = new { id, type_id = part } };
        static object Text(string id, int part) => new { Sequence = new { id, type_id = part } };
        return new
        {
            type = "TemplateProcessing",
            single = new[] { Special(name, 0), Text("A", 0) },
            pair = new[] { Special(name, 0), Text("A", 0), Special(name, 1), Text("B", 1) },
            special_tokens = new Dictionary<string, object> { [name] = new { id = name, ids = new[] { begin }, tokens = new[] { name } } },
        };
    }

    private static object Split(string regex) => new { type = "Split", pattern = new { Regex = regex }, behavior = "Isolated", invert = false };

    private static Dictionary<string, object> Sequence(string name, params object[] steps) => new() { ["type"] = "Sequence", [name] = steps };

    private static void Write(Utf8JsonWriter json, string? name, object? value)
    {
        if (name is not null) json.WritePropertyName(name);
        JsonSerializer.Serialize(json, value);
    }
}
