using System.Text;
using FsCheck.Xunit;
using Mezcla.Datasets;
using Mezcla.Tests.Tokenization;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests.Tokenizers;

/// <summary>The steps of a tokenizer.json, one by one and in combination, give the ids of Hugging Face's own library.</summary>
public class PipelineTokenizerTests
{
    private const string Qwen =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Possessive =
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s";

    private const string DeepSeek = @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽΆΈ-ϿЀ-ҁҊ-ԯᎠ-Ᏽᲀ-ᲈℊ-ℓ𐐀-𐑏𞤀-𞥃]+";

    private static readonly string[] Words = ["the", "Ġthe", "▁the", "hello", "▁hello", "ĠHELLO", "12", "123", "ll", "'s", "été",
        "e\u0301te\u0301", "world", "Ġworld", "..", "ĊĊ", "ĠĠĠĠ", "▁▁", "漢字", "한글", "ss", "fi"];

    private static readonly string[] Normalizers =
    [
        Step("NFC"), Step("NFD"), Step("NFKC"), Step("NFKD"), Step("Lowercase"), Step("Prepend", "\"prepend\":\"▁\""),
        Step("Prepend", "\"prepend\":\"a \""), Step("Replace", """ "pattern":{"String":" "},"content":"▁" """),
        Step("Replace", """ "pattern":{"Regex":"\\s+|[xyz]{2,}"},"content":" $1é" """),
        Step("Strip", "\"strip_left\":true,\"strip_right\":false"), Step("Strip", "\"strip_left\":false,\"strip_right\":true"),
        Step("Strip", "\"strip_left\":true,\"strip_right\":true"),
    ];

    private static readonly string[] Behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];

    private static readonly string[] Patterns =
    [
        Qwen, Possessive, DeepSeek, @"\s", @"\w+|[^\w\s]+", @"(?<=\d)(?=(\d{3})+(?!\d))", @"[^\S\n]+", @"[\p{P}\p{S}&&[^'_]]",
        @"\p{Lu}?\p{Ll}+?(?=\p{Ll}|\b)", @"(?<!a)e|^.|.$", @"\x{6F22}|[\u0430-\u044F\-]|\P{L}\.", @"(?i)THE|wor|\d*x",
    ];

    private static readonly string[] Cutters =
    [
        Step("Digits", "\"individual_digits\":true"), Step("Digits", "\"individual_digits\":false"), Step("Whitespace"),
        Step("WhitespaceSplit"), .. Behaviors.Select(b => Step("Punctuation", $"\"behavior\":\"{b}\"")),
        .. Behaviors.SelectMany(b => (string[])["true", "false"], (b, invert) => (b, invert)).SelectMany(_ => Patterns, (s, pattern) =>
            Step("Split", $$""" "pattern":{"Regex":{{Texts.ToJson(pattern)}}},"behavior":"{{s.b}}","invert":{{s.invert}} """)),
        .. Behaviors.Select(b => Step("Split", $$""" "pattern":{"String":"ll"},"behavior":"{{b}}","invert":false """)),
        .. ((string[])["always", "first", "never"]).SelectMany(_ => (string[])["true", "false"], (scheme, split) =>
            Step("Metaspace", $$""" "replacement":"▁","prepend_scheme":"{{scheme}}","split":{{split}} """)),
        Bytes(false, true), Bytes(true, true), Bytes(true, false),
    ];

    private static string Step(string type, string more = "") => $$"""{"type":"{{type}}"{{(more == "" ? "" : "," + more)}}}""";

    private static string Bytes(bool space, bool words) =>
        Step("ByteLevel",
        $"\"add_prefix_space\":{(space ? "true" : "false")},\"trim_offsets\":true,\"use_regex\":{(words ? "true" : "false")}");

    private static string Split(string pattern, string behavior = "Isolated") => Step("Split",
        $$""" "pattern":{"Regex":{{Texts.ToJson(pattern)}}},"behavior":"{{behavior}}","invert":false """);

    private static string Sequence(string name, params IEnumerable<string> steps) =>
        $$"""{"type":"Sequence","{{name}}":[{{string.Join(',', steps)}}]}""";

    // A vocabulary with every byte, some characters and words, in order of id; merges that build the words from their beginning.
    private static string Json(string? normalizer, string? cutter, string? decoder = null, string model = "",
        params (string Content, bool Normalized)[] added)
    {
        List<(string, string)> pairs = [.. Words.SelectMany(w => Enumerable.Range(1, w.Length - 1).Select(n => (w[..n], w[n..(n + 1)])))
            .Distinct()];
        string[] tokens = ["<unk>", .. Enumerable.Range(0, 256).Select(b => ByteAlphabet.ToText([(byte)b])), "▁", " ", "\u0301",
            .. pairs.SelectMany(p => (string[])[p.Item1, p.Item2, p.Item1 + p.Item2])];
        if (model.Contains("byte_fallback\":true", StringComparison.Ordinal))
            tokens = [.. tokens, .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        tokens = [.. tokens.Distinct()];
        // Hugging Face's library numbers added tokens by itself, on from the vocabulary.
        var all = tokens.Concat(added.Select(a => a.Content)).Distinct().ToList();
        var addedTokens = added.Select(a => Added(all.IndexOf(a.Content), a.Content, a.Normalized));
        var vocabulary = tokens.Select((t, id) => $"{Texts.ToJson(t)}:{id}");
        return $$"""
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{{string.Join(',', addedTokens)}}],
             "normalizer":{{normalizer ?? "null"}},
             "pre_tokenizer":{{cutter ?? "null"}},"post_processor":null,"decoder":{{decoder ?? Bytes(true, true)}},
             "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null{{model}},
              "vocab":{ {{string.Join(',', vocabulary)}} },
              "merges":[{{string.Join(',', pairs.Select(p => $"[{Texts.ToJson(p.Item1)},{Texts.ToJson(p.Item2)}]"))}}] } }
            """;
    }

    private static void Compare(string json, IEnumerable<string> texts)
    {
        using var theirs = new HuggingFaceTokenizer(json);
        theirs.Compare(TokenizerFile.FromJson(json), HuggingFaceTokenizer.Usable(texts));
    }

    private static string Added(int id, string content, bool normalized) => $$"""
        {"id":{{id}},"content":{{Texts.ToJson(content)}},"single_word":false,"lstrip":false,"rstrip":false,
         "normalized":{{(normalized ? "true" : "false")}},"special":false}
        """;

    public static TheoryData<string, string> Published => new()
    {
        { "Qwen 2 and 3", Json(Step("NFC"), Sequence("pretokenizers", Split(Qwen), Bytes(false, false))) },
        {
            "Pythia and OLMo", Json(Step("NFC"), Bytes(false, true),
                added: [("    ", true), ("  ", true), ("|||IP|||", false)])
        },
        {
            "Gemma", Json(Step("Replace", """ "pattern":{"String":" "},"content":"▁" """),
                Step("Split", """ "pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false """),
                Sequence("decoders", Step("Replace", """ "pattern":{"String":"▁"},"content":" " """), Step("ByteFallback"), Step("Fuse")),
                ",\"fuse_unk\":true,\"byte_fallback\":true", ("\n\n", false))
        },
        {
            "DeepSeek 2", Json(Sequence("normalizers"), Sequence("pretokenizers", Split(@"[\r\n]"), Split(DeepSeek),
                Split(@"\s?[!-/:-~！-／：-～‘-‟　-。]+"), Split(@"\s+$"), Split("[一-龥ࠀ-一가-퟿]+"),
                Step("Digits", "\"individual_digits\":true"), Bytes(false, false)))
        },
        { "words", Json(Sequence("normalizers", Step("NFKC"), Step("Lowercase")), Step("Whitespace"), "null", "", ("Añb", true)) },
        {
            "OLMo 2", Json(null, Sequence("pretokenizers", Split(Possessive), Bytes(false, false)), model: ",\"ignore_merges\":true")
        },
    };

    [Theory, MemberData(nameof(Published))]
    public void Published_steps_give_their_ids(string name, string json)
    {
        Assert.NotEmpty(name);
        Assert.IsType<PipelineTokenizer>(TokenizerFile.FromJson(json));
        Compare(json, Texts.Tricky.Concat(Texts.Random(seed: 12, 1500)).Append(Corpus.Load("persuasion").Text[..20_000])
            .Append(Corpus.Load("bible-spanish").Text[..20_000].Replace("o", "o\u0308")).Append("x AÑB añb an\u0303b  \n\n    y"));
    }

    public static TheoryData<string> Steps => [.. Normalizers.Select(n => Json(n, Bytes(false, true))),
        .. Cutters.Where(c => !c.Contains("ByteLevel")).Select(c => Json(null, c)),
        .. Cutters.TakeLast(3).Select(c => Json(Step("NFC"), c))];

    [Theory, MemberData(nameof(Steps), DisableDiscoveryEnumeration = true)]
    public void Each_step_alone_gives_its_ids(string json) => Compare(json, Texts.Tricky.Concat(Texts.Random(seed: 4, 150)));

    [Property(MaxTest = 100)]
    public void Any_steps_in_a_row_give_the_same_ids(byte[] normalizers, byte[] cutters, bool bytes, bool fuse, bool fallback, bool whole,
        ushort seed, string? text)
    {
        // Bytes without other steps are a BytePairTokenizer, whose vocabulary has nothing but bytes.
        if (bytes && normalizers.Length + cutters.Length == 0)
            cutters = [(byte)seed];
        string[] rewriting = [.. normalizers.Take(3).Select(n => Normalizers[n % Normalizers.Length])];
        var keepsStart = !rewriting.Any(n => n.Contains("\"strip_left\":true") || n.Contains("Replace"));
        var json = Json(rewriting.Length == 0 ? null : Sequence("normalizers", rewriting),
            Sequence("pretokenizers", cutters.Take(3).Select(c => Cutters[c % (Cutters.Length - 3)])
                .Where((c, i) => i == 0 && keepsStart || !c.Contains("\"first\"")).Concat(bytes ? [Bytes(false, true)] : [])),
            model: $",\"fuse_unk\":{Flag(fuse)},\"byte_fallback\":{Flag(fallback)},\"ignore_merges\":{Flag(whole)}",
            added: [("HEL", true), ("wor", false)]);
        Compare(json, Texts.Random(seed, 25).Append(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""))));

        static string Flag(bool value) => value ? "true" : "false";
    }

    [Theory]
    [InlineData(@"\w"), InlineData(@"\W"), InlineData(@"\d"), InlineData(@"\s"), InlineData(@"\p{L}"), InlineData(@"\p{Lu}")]
    [InlineData(@"\p{Ll}"), InlineData(@"\p{Lo}"), InlineData(@"\p{M}"), InlineData(@"\p{N}"), InlineData(@"\p{P}"), InlineData(@"\p{S}")]
    [InlineData(@"\p{Letter}"), InlineData(@"(?<=\b)[^|]"), InlineData("(?i)[a-z]")]
    [InlineData(@"[\w]"), InlineData(@"[^\w]"), InlineData(@"[^\w\s]"), InlineData(@"[\W]"), InlineData(@"[^\W]"), InlineData(@"[\d]")]
    [InlineData(@"[^\s]"), InlineData(@"[\D]"), InlineData(@"\D"), InlineData(@"\S"), InlineData(@"[\S\w]"), InlineData(@"[\w&&\S]")]
    public void Classes_of_characters_are_those_of_Oniguruma(string pattern) => Compare(
        Json(null, Split(pattern, "Removed"), model: ",\"byte_fallback\":true"),
        [string.Join('|', Enumerable.Range(0x20, 0x2FE0).Concat(Enumerable.Range(0xF900, 0x600)).Select(c => new Rune(c)))]);

    [Theory, MemberData(nameof(Published))]
    public void What_was_encoded_is_decoded_in_its_normal_form(string name, string json)
    {
        var tokenizer = TokenizerFile.FromJson(json);
        Assert.Equal(json, tokenizer.ToJson());
        const string Text = "The HELLO  world's 123\n\n    éte\u0301 漢字 🙂!";
        var decoded = tokenizer.Decode(tokenizer.Encode(Text));
        if (name == "words")
            Assert.Equal("the hello world ' s 123 été 漢字 <unk> !", decoded);
        else
            Assert.Equal(name is "Gemma" or "DeepSeek 2" or "OLMo 2" ? Text : Text.Replace("e\u0301", "é"), decoded);
    }

    [Theory]
    [InlineData("\\p{Han}", "the property Han")]
    [InlineData("(a*)+", "a repetition of what may be empty")]
    [InlineData("(?<=a+)b", "several lengths")]
    [InlineData("[[:alpha:]]", "a bracket like")]
    [InlineData("(?<name>a)", "a group of this kind")]
    [InlineData("a\\1", "the escape \\1")]
    [InlineData("(a", "a group that does not end")]
    [InlineData("[a", "a '[' that does not end")]
    [InlineData("*a", "a quantifier after nothing")]
    [InlineData("a)", "a ')' that nothing opens")]
    [InlineData("[z-a]", "a range that does not rise")]
    [InlineData("(((a{900}){900}){900})", "too long")]
    public void An_expression_with_something_else_is_refused(string expression, string reason) =>
        Refused(reason, Json(null, Sequence("pretokenizers", Split(expression), Bytes(false, false))));

    [Fact]
    public void Steps_that_are_not_known_are_refused()
    {
        Refused("an empty text", Json(Step("Replace", """ "pattern":{"String":""},"content":"q" """), Bytes(false, true)));
        Refused("StripAccents", Json(Step("StripAccents"), Bytes(false, true)));
        Refused("after other steps", Json(null, Sequence("pretokenizers", Step("WhitespaceSplit"),
            Step("Metaspace", """ "replacement":"▁","prepend_scheme":"first","split":true """))));
        foreach (var normalizer in (string[])[Step("Strip", "\"strip_left\":true,\"strip_right\":false"),
            Step("Replace", """ "pattern":{"Regex":"^a"},"content":"" """)])
            Refused("whose beginning", Json(Sequence("normalizers", normalizer),
                Step("Metaspace", """ "replacement":"▁","prepend_scheme":"first","split":true """)));
        Refused("Bert", Json(null, Sequence("pretokenizers", Step("BertPreTokenizer"), Bytes(false, false))));
        Refused("'Glued'", Json(null, Sequence("pretokenizers", Split("a", "Glued"), Bytes(false, false))));
        Refused("WordPiece", Json(Step("NFC"), Bytes(false, true), Step("WordPiece")));
        Refused("to be found in normalized text", Json(Step("NFC"), Bytes(false, true), added: ("<s>", true))
            .Replace("\"special\":false", "\"special\":true"));
        Refused("neither an unknown token", Json(Step("NFC"), Bytes(false, true)).Replace("\"unk_token\":\"<unk>\"", "\"unk_token\":null")
            .Replace("\"A\":", "\"AAA\":"));
    }

    [Fact]
    public void Letters_are_lowered_and_normalized_as_in_Rust()
    {
        // All but a few scripts: but for a few letters of recent years, which that library does not know yet.
        var letters = Enumerable.Range(0x20, 0x2FE0).Concat(Enumerable.Range(0xA640, 0x400)).Concat(Enumerable.Range(0xF900, 0x600))
            .Where(c => c is not (>= 0xA7CB and <= 0xA7F4)).Select(c => new Rune(c).ToString()).ToArray();
        foreach (var normalizer in Normalizers.Take(5))
        {
            var json = Json(normalizer, Bytes(false, false));
            using var theirs = new HuggingFaceTokenizer(json);
            var ours = TokenizerFile.FromJson(json);
            var different = letters.Where(c => !theirs.Encode("a" + c).SequenceEqual(ours.Encode("a" + c))).ToArray();
            Assert.True(different.Length == 0, $"{normalizer}: {string.Join(' ', different.Select(c => $"{(int)c[0]:X4}"))}");
        }
    }

    private static void Refused(string reason, string json) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => TokenizerFile.FromJson(json)).Message);
}
