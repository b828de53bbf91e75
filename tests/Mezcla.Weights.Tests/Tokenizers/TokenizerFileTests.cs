using System.Text;
using Mezcla.Tests.Tokenization;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests.Tokenizers;

/// <summary>Files from strangers are read right, or refused with a reason; never half read.</summary>
public class TokenizerFileTests
{
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""";
    private static readonly string Vocabulary = string.Join(',',
        Enumerable.Range(0, 256).Select(b => $"{Texts.ToJson(ByteAlphabet.ToText([(byte)b]))}:{b}"));

    private static string Json(string merges = "", string vocabulary = "", string preTokenizer = ByteLevel,
        string model = "\"type\":\"BPE\"", string root = "") => $$"""
        {
          {{root}} "pre_tokenizer":{{preTokenizer}},
          "model":{ {{model}},"vocab":{ {{Vocabulary}}{{vocabulary}} },"merges":[{{merges}}] }
        }
        """;

    private static Tokenizer Read(string json) => TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Merges_are_read_in_both_forms_and_ids_as_they_are_given()
    {
        const string Words = ",\"he\":300,\"llo\":257,\"ll\":256,\"hello\":299";
        var old = Read(Json("\"h e\",\"l l\",\"ll o\",\"he llo\"", Words));
        var current = Read(Json("[\"h\",\"e\"],[\"l\",\"l\"],[\"ll\",\"o\"],[\"he\",\"llo\"]", Words, model: "\"vocabulary\":1"));
        Assert.Equal([299, 300, 'l'], old.Encode("hellohel"));
        Assert.Equal([299, 300, 'l'], current.Encode("hellohel"));
        Assert.Equal(301, old.VocabularySize);
        Assert.Throws<ArgumentOutOfRangeException>(() => old.Decode([258]));
    }

    [Fact]
    public void Ignore_merges_takes_a_whole_piece_from_the_vocabulary()
    {
        Assert.Equal([256], Read(Json("", ",\"ab\":256", model: "\"ignore_merges\":true")).Encode("ab"));
        Assert.Equal(['a', 'b'], Read(Json("", ",\"ab\":256")).Encode("ab"));
    }

    [Fact]
    public void Added_tokens_are_special_or_always_tokens()
    {
        var tokenizer = Read(
            Json(root: """ "added_tokens":[{"id":256,"content":"<s>","special":true},{"id":257,"content":"<tool>","special":false}], """));
        Assert.Equal(['a', 257, 'b'], tokenizer.Encode("a<tool>b"));
        Assert.Equal(['a', 257], tokenizer.Encode("a<tool>", SpecialTokenPolicy.None));
        Assert.Throws<SpecialTokenException>(() => tokenizer.Encode("<s>"));
        Assert.Equal("a<tool><s>", tokenizer.Decode(['a', 257, 256]));
        Assert.Equal(258, tokenizer.VocabularySize);
    }

    [Fact]
    public void Added_tokens_that_also_stand_in_merges_are_cut_out_first()
    {
        const string Words = ",\"he\":256,\"ll\":257,\"hell\":258,\"hello\":259";
        var tokenizer = Read(Json("\"h e\",\"l l\",\"he ll\",\"hell o\"", Words,
            root: """ "added_tokens":[{"id":104,"content":"h","special":false}], """));
        Assert.Equal([104, 'e', 257, 'o'], tokenizer.Encode("hello"));
        Assert.Equal("hello", tokenizer.Decode([259]));
    }

    [Fact]
    public void A_file_may_begin_with_a_byte_order_mark()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Json(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
            Assert.Equal(['a'], TokenizerFile.Load(path).Encode("a"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("""{"type":"Split","pattern":{"Regex":"\\p{Han}+"},"behavior":"Isolated"}""", "\\p{Han}+")]
    [InlineData("""{"type":"Whitespace"}""", "neither bytes")]
    [InlineData("""{"type":"UnicodeScripts"}""", "not supported")]
    [InlineData("null", "neither bytes")]
    public void An_unknown_way_to_cut_is_refused(string preTokenizer, string reason)
    {
        if (preTokenizer.Contains("Split"))
            preTokenizer = $$"""{"type":"Sequence","pretokenizers":[{{preTokenizer}},{{ByteLevel}}]}""";
        Assert.Contains(reason, Assert.Throws<FormatException>(() => Read(Json(preTokenizer: preTokenizer))).Message);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_with_the_reason()
    {
        Refused("'xy', which the vocabulary lacks", Json("\"x y\""));
        Refused("'qq', which the vocabulary lacks", Json("\"qq y\"", ",\"xy\":256"));
        Refused("3 parts", Json("\"x y z\""));
        Refused("another token has", Json(vocabulary: ",\"ab\":97"));
        Refused("is negative", Json(vocabulary: ",\"ab\":-1"));
        Refused("2000000000", Json(vocabulary: ",\"ab\":2000000000"));
        Refused("2147483647", Json(root: """ "added_tokens":[{"id":2147483647,"content":"<s>","special":true}], """));
        Refused("stands for no byte", Json(vocabulary: ",\"日\":256"));
        Refused("no token for the byte 0x61", Json().Replace("\"a\":97,", ""));
        Refused("type Unigram", Json(model: "\"type\":\"Unigram\""));
        Refused("end_of_word_suffix '</w>'", Json(model: "\"end_of_word_suffix\":\"</w>\""));
        Refused("normalizer {\"type\":\"Nmt\"}", Json(root: """ "normalizer":{"type":"Nmt"}, """));
        Refused("marked lstrip", Json(root: """ "added_tokens":[{"id":256,"content":"<mask>","lstrip":true}], """));
        Refused("damaged", "{");
        Refused("damaged", "{}");
        Refused("damaged", "{\"model\":{\"vocab\":[]}}");

        static void Refused(string reason, string json) =>
            Assert.Contains(reason, Assert.Throws<FormatException>(() => Read(json)).Message);
    }

    [Fact]
    public void The_message_names_the_file()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, "not a tokenizer");
        try
        {
            Assert.Contains(path, Assert.Throws<FormatException>(() => TokenizerFile.Load(path)).Message);
            Assert.Throws<FormatException>(() => TokenizerFile.Load(Directory.CreateTempSubdirectory("mezcla-empty").FullName));
            Assert.Throws<FileNotFoundException>(() => TokenizerFile.Load(path + ".missing"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_or_read_and_never_anything_else()
    {
        var json = Encoding.UTF8.GetBytes(
            Json("\"h e\",\"he y\"", ",\"he\":256,\"hey\":257", root: """ "added_tokens":[{"id":258,"content":"<s>","special":true}], """));
        var model = SentencePieceTests.Model;
        var random = new Random(5);
        var read = 0;
        for (var n = 0; n < 3000; n++)
        {
            byte[] damaged = [.. n % 2 == 0 ? json : model];
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                damaged = damaged[..random.Next(damaged.Length)];
            try
            {
                Tokenizer tokenizer = n % 2 == 0 ? TokenizerJsonReader.Read(damaged) : SentencePieceReader.Read(damaged);
                tokenizer.Decode(tokenizer.Encode("hey Ishmael, 123 \n", SpecialTokenPolicy.None));
                read++;
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
            }
        }
        Assert.InRange(read, 10, 2990);
    }

    [Fact]
    public void Tiktokens_own_form_is_read()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllLines(path,
                Enumerable.Range(0, 256).Select(b => $"{Convert.ToBase64String([(byte)b])} {b}")
                    .Append($"{Convert.ToBase64String("ab"u8)} 256").Append($"{Convert.ToBase64String("abc"u8)} 260"));
            var tokenizer = TokenizerFile.LoadRanks(path, SplitPattern.Gpt4, new Dictionary<string, int> { ["<|x|>"] = 300 });
            Assert.Equal([260, 300, 256], tokenizer.Encode("abc<|x|>ab", SpecialTokenPolicy.All));
            Assert.Equal(301, tokenizer.VocabularySize);
            File.AppendAllText(path, "YQ== 261 x\n");
            Assert.Contains("line 259",
                Assert.Throws<FormatException>(
                    () => TokenizerFile.LoadRanks(path, SplitPattern.Gpt4, new Dictionary<string, int>())).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_alphabet_of_bytes_is_GPT_2s_and_goes_both_ways()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        Assert.Equal(all, ByteAlphabet.ToBytes(ByteAlphabet.ToText(all)));
        Assert.Equal("ĠworldĊÃ©Ń", ByteAlphabet.ToText([.. " world\né"u8, 0xAD]));
        Assert.Throws<FormatException>(() => ByteAlphabet.ToBytes("a b"));
    }

    [Fact]
    public void Characters_are_numbered_by_code_point_saved_and_loaded()
    {
        var tokenizer = CharacterTokenizer.Train("cab\n𝔸a", "<|endoftext|>");
        Assert.Equal([0, 1, 2, 3, 4], tokenizer.Encode("\nabc𝔸"));
        Assert.Equal((6, 5), (tokenizer.VocabularySize, tokenizer.EndOfText));
        Assert.Equal("𝔸\n", tokenizer.Decode([4, 0]));
        Assert.Contains("U+0064", Assert.Throws<ArgumentException>(() => tokenizer.Encode("d")).Message);
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            tokenizer.Save(path);
            var loaded = Assert.IsType<CharacterTokenizer>(TokenizerFile.Load(path));
            Assert.Equal([1, 5, 4], loaded.Encode("a<|endoftext|>𝔸", SpecialTokenPolicy.All));
            Assert.Equal(6, loaded.VocabularySize);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
