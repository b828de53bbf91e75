using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>Writes a tokenizer as Hugging Face's <c>tokenizer.json</c>, which
/// <see cref="TokenizerJsonReader"/> and other programs read.</summary>
internal static class TokenizerJsonWriter
{
    /// <summary>The pre-tokenizer's regular expression that makes each character a piece.</summary>
    public const string AnyCharacter = @"[\s\S]";

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };
    private static readonly object SpaceToMark = new { type = "Replace", pattern = new { String = " " }, content = "▁" };

    public static void Write(Tokenizer tokenizer, Stream stream)
    {
        if (tokenizer is PipelineTokenizer pipeline)
        {
            stream.Write(Encoding.UTF8.GetBytes(pipeline.Json));
            return;
        }
        var (normalizer, preTokenizer, decoder, model) = tokenizer switch
        {
            BytePairTokenizer bytes => OnBytes(bytes),
            SentencePieceTokenizer pieces => OnCharacters(pieces),
            CharacterTokenizer characters => (null, Split(AnyCharacter), new { type = "Fuse" },
                new
                {
                    type = "WordLevel",
                    vocab = characters.Characters.ToDictionary(c => c.Key.ToString(), c => c.Value),
                    unk_token = "<unk>"
                }),
            _ => throw new NotSupportedException($"A {tokenizer.GetType().Name} cannot be written as a tokenizer.json."),
        };
        JsonSerializer.Serialize(stream, new
        {
            version = "1.0",
            truncation = (object?)null,
            padding = (object?)null,
            added_tokens = tokenizer.SpecialTokens.Concat(tokenizer.AlwaysTokens).OrderBy(t => t.Value)
                .Select(t => Added(t.Value, t.Key, tokenizer.SpecialTokens.ContainsKey(t.Key))),
            normalizer,
            pre_tokenizer = preTokenizer,
            post_processor = tokenizer is { ExpectsBeginOfText: true, BeginOfText: int begin }
                ? Template(tokenizer.SpecialTokens.First(t => t.Value == begin).Key, begin) : null,
            decoder,
            model,
        }, Options);
    }

    private static (object?, object?, object?, object) OnBytes(BytePairTokenizer tokenizer)
    {
        // After a Split the space would stand before each piece, not before the text, so GPT-2's pattern has to be ByteLevel's own.
        var words = tokenizer is { AddPrefixSpace: true, Pattern: SplitPattern.Gpt2 };
        if (tokenizer.AddPrefixSpace && tokenizer.Pattern is not (SplitPattern.Gpt2 or SplitPattern.None))
            throw new NotSupportedException(
                $"A tokenizer.json cannot say that a space is put before a text that is cut by the pattern {tokenizer.Pattern}.");
        var space = tokenizer.AddPrefixSpace;
        object byteLevel = new { type = "ByteLevel", add_prefix_space = space, trim_offsets = true, use_regex = words };
        string[] text = [.. Enumerable.Range(0, tokenizer.Vocabulary.Count).Select(id => ByteAlphabet.ToText(tokenizer.Vocabulary[id]))];
        return (null,
            !words && tokenizer.Pattern.Expression() is { } regex ? Sequence("pretokenizers", Split(regex), byteLevel) : byteLevel,
            byteLevel,
            Model(text, tokenizer.Merges, null, fallback: false, tokenizer.WholePieces));
    }

    private static (object?, object?, object?, object) OnCharacters(SentencePieceTokenizer tokenizer)
    {
        if (tokenizer.Prefix == SpacePrefix.StartAndAfterControl && tokenizer.AlwaysTokens.Any())
            throw new NotSupportedException(
                "A tokenizer.json cannot say where SentencePiece puts spaces around user-defined symbols, and this tokenizer has some.");
        var scheme = tokenizer.Prefix switch { SpacePrefix.Start => "first", SpacePrefix.EachPartWithoutSpace => "always", _ => null };
        object? preTokenizer = scheme is null
            ? null
            : new { type = "Metaspace", replacement = "▁", prepend_scheme = scheme, split = false };
        var normalizer = scheme is not null ? null
            : tokenizer.Prefix == SpacePrefix.Never
                ? SpaceToMark
                : Sequence("normalizers", new { type = "Prepend", prepend = "▁" }, SpaceToMark);
        object[] decoders = [new { type = "Replace", pattern = new { String = "▁" }, content = " " }, new { type = "ByteFallback" },
            new { type = "Fuse" }];
        if (tokenizer.Prefix != SpacePrefix.Never)
            decoders = [.. decoders, new { type = "Strip", content = " ", start = 1, stop = 0 }];
        // Added tokens are written in the file as they appear in a text.
        string[] text = [.. tokenizer.Pieces.Select(p => p.Type is SentencePieceType.Normal ? p.Text : p.Text.Replace('▁', ' '))];
        return (normalizer, preTokenizer, Sequence("decoders", decoders), Model(text, tokenizer.Merges,
            tokenizer.Pieces.FirstOrDefault(p => p.Type == SentencePieceType.Unknown).Text,
            tokenizer.Pieces.Any(p => p.Type == SentencePieceType.Byte), whole: false));
    }

    private static object Model(string[] text, IEnumerable<(int Left, int Right)> merges, string? unknown, bool fallback, bool whole) => new
    {
        type = "BPE",
        dropout = (object?)null,
        unk_token = unknown,
        continuing_subword_prefix = (object?)null,
        end_of_word_suffix = (object?)null,
        fuse_unk = unknown is not null,
        byte_fallback = fallback,
        ignore_merges = whole,
        vocab = text.Index().Where(t => t.Item.Length > 0).ToDictionary(t => t.Item, t => t.Index),
        merges = merges.Select(m => (string[])[text[m.Left], text[m.Right]]),
    };

    // One begin-of-text token before a text, or before each of two.
    internal static object Template(string name, int begin)
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

    private static object Added(int id, string content, bool special) =>
        new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special };

    private static object Split(string regex) =>
        new { type = "Split", pattern = new { Regex = regex }, behavior = "Isolated", invert = false };

    private static Dictionary<string, object> Sequence(string name, params object[] steps) =>
        new() { ["type"] = "Sequence", [name] = steps };
}
