using Mezcla.Tokenization;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests;

public sealed class GgufTokenizerTests : IDisposable
{
    private const string Text = "The quick brown fox, 1234567 times… Ñandú's «café»\r\n\t\tDON'T   stop 日本語 🙂 <s> end ";

    private static readonly string[] Bytes = [.. Enumerable.Range(0, 256).Select(b => ByteAlphabet.ToText([(byte)b]))];
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-gguf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Tokenizer RoundTrip(Tokenizer tokenizer, int vocabularySize)
    {
        var path = Path.Combine(_folder, "t.gguf");
        var writer = new GgufWriter();
        GgufTokenizer.Write(writer.Metadata, tokenizer, vocabularySize);
        writer.Save(path);
        using var file = GgufFile.Open(path);
        Assert.Equal(vocabularySize, file.Metadata.GetStrings("tokenizer.ggml.tokens").Length);
        return GgufTokenizer.Read(file)!;
    }

    private Tokenizer Read(Action<GgufMetadata> describe)
    {
        var path = Path.Combine(_folder, "r.gguf");
        var writer = new GgufWriter();
        describe(writer.Metadata);
        writer.Save(path);
        using var file = GgufFile.Open(path);
        return GgufTokenizer.Read(file)!;
    }

    private static void AssertSame(Tokenizer expected, Tokenizer actual, string text = Text)
    {
        Assert.Equal(expected.Encode(text, SpecialTokenPolicy.None), actual.Encode(text, SpecialTokenPolicy.None));
        Assert.Equal(expected.Encode(text, SpecialTokenPolicy.All), actual.Encode(text, SpecialTokenPolicy.All));
        Assert.Equal(expected.Decode(expected.Encode(text, SpecialTokenPolicy.None)),
            actual.Decode(actual.Encode(text, SpecialTokenPolicy.None)));
        Assert.Equal(expected.SpecialTokens.OrderBy(t => t.Value), actual.SpecialTokens.OrderBy(t => t.Value));
    }

    [Theory, InlineData("gpt2", 50257), InlineData("gpt2", 50304), InlineData("o200k_base", 200_064)]
    public void OpenAIs_encodings_come_back(string name, int vocabularySize)
    {
        var tokenizer = Tokenizer.ForEncoding(name);
        AssertSame(tokenizer, RoundTrip(tokenizer, vocabularySize), Text + "<|endoftext|>");
    }

    [Theory, InlineData(SplitPattern.Gpt2), InlineData(SplitPattern.Gpt4), InlineData(SplitPattern.Gpt4o)]
    public void Trained_tokenizers_come_back(SplitPattern pattern)
    {
        var tokenizer = BytePairTokenizer.Train(string.Concat(Enumerable.Repeat(Text, 3)), 300, pattern, "<|endoftext|>", "<|user|>");
        AssertSame(tokenizer, RoundTrip(tokenizer, 320), Text + "<|user|>");
    }

    [Fact]
    public void Pieces_and_characters_come_back()
    {
        SentencePiece[] pieces =
        [
            new("<unk>", 0, SentencePieceType.Unknown), new("<s>", 0, SentencePieceType.Control), new("</s>", 0, SentencePieceType.Control),
            .. Enumerable.Range(0, 256).Select(b => new SentencePiece($"<0x{b:X2}>", 0, SentencePieceType.Byte)),
            new("▁t", -1, SentencePieceType.Normal), new("he", -2, SentencePieceType.Normal), new("▁", -10, SentencePieceType.Normal),
            .. "thequickbrowfx".Distinct().Select((c, i) => new SentencePiece(c.ToString(), -20 - i, SentencePieceType.Normal)),
        ];
        var llama = new SentencePieceTokenizer(pieces) { ExpectsBeginOfText = true };
        var back = RoundTrip(llama, pieces.Length);
        Assert.True(back.ExpectsBeginOfText);
        AssertSame(llama, back);

        var characters = CharacterTokenizer.Train(Text, "<|endoftext|>");
        AssertSame(characters, RoundTrip(characters, characters.VocabularySize));
    }

    [Fact]
    public void What_llama_cpp_cannot_do_is_refused()
    {
        var whole = BytePairTokenizer.Train(Text, 260, SplitPattern.None);
        Assert.Contains("always cuts text", Assert.Throws<NotSupportedException>(() => GgufTokenizer.Write([], whole, 260)).Message);
        Assert.Contains("embedding 100 rows",
            Assert.Throws<ArgumentException>(() => GgufTokenizer.Write([], Tokenizer.ForEncoding("gpt2"), 100)).Message);
    }

    [Fact]
    public void Token_types_of_any_width_are_read()
    {
        Array[] widths = [new[] { 1L, 3, 4 }, new uint[] { 1, 3, 4 }, new sbyte[] { 1, 3, 4 }, new byte[] { 1, 3, 4 },
            new ulong[] { 1, 3, 4 }];
        foreach (var types in widths)
        {
            var tokenizer = Read(m =>
            {
                m.Add("tokenizer.ggml.model", "gpt2");
                m.Add("tokenizer.ggml.pre", "gpt-2");
                m.Add("tokenizer.ggml.tokens", (string[])[.. Bytes, "<s>", "<tool>"]);
                m.Add("tokenizer.ggml.merges", Array.Empty<string>());
                var all = Array.CreateInstance(types.GetType().GetElementType()!, 258);
                for (var id = 0; id < 258; id++)
                    all.SetValue(types.GetValue(Math.Max(0, id - 255)), id);
                m.Add("tokenizer.ggml.token_type", all);
            });
            Assert.Equal(256, tokenizer.SpecialTokens["<s>"]);
            Assert.Equal(['a', 257], tokenizer.Encode("a<tool>"));
        }
    }

    [Theory]
    [InlineData(999_999L, true)]
    [InlineData(256L, true)]
    [InlineData(-2L, true)]
    [InlineData(255L, false)]
    [InlineData((long)uint.MaxValue, false)]
    public void The_id_of_a_token_that_is_not_there_is_refused(long id, bool refused)
    {
        void Describe(GgufMetadata m)
        {
            m.Add("tokenizer.ggml.model", "gpt2");
            m.Add("tokenizer.ggml.pre", "gpt-2");
            m.Add("tokenizer.ggml.tokens", Bytes);
            m.Add("tokenizer.ggml.merges", Array.Empty<string>());
            m.Add("tokenizer.ggml.bos_token_id", id);
        }

        if (!refused)
            Assert.Equal(['a'], Read(Describe).Encode("a"));
        else
            Assert.Contains($"bos_token_id is {id}, and the tokens have the ids from 0 to 255",
                Assert.Throws<InvalidDataException>(() => Read(Describe)).Message);
    }

    [Fact]
    public void Added_tokens_that_also_stand_in_merges_are_cut_out_first()
    {
        var tokenizer = Read(m =>
        {
            m.Add("tokenizer.ggml.model", "gpt2");
            m.Add("tokenizer.ggml.pre", "gpt-2");
            m.Add("tokenizer.ggml.tokens", (string[])[.. Bytes, "he", "ll", "hell", "hello"]);
            m.Add("tokenizer.ggml.merges", (string[])["h e", "l l", "he ll", "hell o"]);
            m.Add("tokenizer.ggml.token_type", (int[])[.. Enumerable.Range(0, 260).Select(id => id == 'h' ? 4 : 1)]);
        });
        Assert.Equal(['h', 'e', 257, 'o'], tokenizer.Encode("hello"));
    }

    [Fact]
    public void Damaged_tokenizers_are_refused()
    {
        void Refused(string what, Action<GgufMetadata> describe) =>
            Assert.Contains(what, Assert.Throws<InvalidDataException>(() => Read(describe)).Message);
        Assert.Null(Read(_ => { }));
        Refused("'rwkv'", m => m.Add("tokenizer.ggml.model", "rwkv"));
        Refused("cuts text as 'strange'", m =>
        {
            m.Add("tokenizer.ggml.model", "gpt2");
            m.Add("tokenizer.ggml.pre", "strange");
        });
        Refused("tokenizer.ggml.tokens", m => m.Add("tokenizer.ggml.model", "llama"));
        Refused("token types", m =>
        {
            m.Add("tokenizer.ggml.model", "llama");
            m.Add("tokenizer.ggml.tokens", new[] { "a" });
            m.Add("tokenizer.ggml.token_type", new[] { 1, 1 });
        });
        Refused("scores", m =>
        {
            m.Add("tokenizer.ggml.model", "llama");
            m.Add("tokenizer.ggml.tokens", new[] { "a" });
            m.Add("tokenizer.ggml.scores", new[] { 1f, 2f });
        });
        void Describe(GgufMetadata m, string[] tokens, string[] merges)
        {
            m.Add("tokenizer.ggml.model", "gpt2");
            m.Add("tokenizer.ggml.pre", "gpt-2");
            m.Add("tokenizer.ggml.tokens", tokens);
            m.Add("tokenizer.ggml.merges", merges);
        }
        Refused("occurs twice", m => Describe(m, [.. Bytes, "a"], []));
        Refused("names 'zz'", m => Describe(m, Bytes, ["zz a"]));
        Refused("not have two parts", m => Describe(m, Bytes, ["ab"]));
        Refused("byte", m => Describe(m, Bytes[1..], []));
    }
}
