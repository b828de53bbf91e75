using Mezcla.Datasets;
using Mezcla.Tests;
using Mezcla.Tests.Tokenization;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests.Tokenizers;

/// <summary>Ids equal to SentencePiece's, with a small model trained by it (peers/sentencepiece.sh).</summary>
public class SentencePieceTests
{
    internal static byte[] Model
    {
        get
        {
            using var stream = typeof(SentencePieceTests).Assembly.GetManifestResourceStream("small.model")!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    private static SentencePieceTokenizer Small => SentencePieceReader.Read(Model);

    // The ids that spm_encode 0.1.97 gives.
    [Theory]
    [InlineData("Hello  wörld [INST] a<user>b 𝔸 año 123",
        new[] { 396, 291, 400, 633, 279, 201, 188, 641, 353, 633, 4, 263, 3, 652, 633, 246, 163, 154, 190, 263, 690, 636, 633, 55, 56,
            57 })]
    [InlineData(" a", new[] { 633, 263 })]
    [InlineData("a b", new[] { 633, 5 })]
    [InlineData("Dios es amor. The whale, the whale!", new[] { 506, 467, 618, 287, 656, 524, 512, 648, 271, 512, 685 })]
    public void Golden_texts_have_their_ids(string text, int[] ids)
    {
        Assert.Equal(ids, Small.Encode(text));
        Assert.Equal(text, Small.Decode(ids));
    }

    [Theory]
    [InlineData("--byte_fallback --split_digits", 700, SentencePieceType.Byte)]
    [InlineData("--add_dummy_prefix=false --byte_fallback --allow_whitespace_only_pieces", 600, SentencePieceType.Byte)]
    [InlineData("--split_by_whitespace=false --user_defined_symbols=<user>,mar", 900, SentencePieceType.Unknown)]
    public void SentencePiece_gives_the_same_ids(string options, int size, SentencePieceType fallback)
    {
        if (!Peer.CanRun("spm_encode", "--version"))
            Assert.Skip("SentencePiece is not installed (Debian's package sentencepiece).");
        var folder = Directory.CreateTempSubdirectory("mezcla-sentencepiece").FullName;
        try
        {
            string corpus = Path.Combine(folder, "corpus.txt"), model = Path.Combine(folder, "m");
            File.WriteAllText(corpus, Corpus.Load("bible-spanish").Text[..200_000] + Corpus.Load("persuasion").Text[..200_000]);
            Assert.True(Peer.CanRun("spm_train",
                [$"--input={corpus}", $"--model_prefix={model}", $"--vocab_size={size}", "--model_type=bpe", "--character_coverage=0.999",
                    "--normalization_rule_name=identity", "--remove_extra_whitespaces=false", .. options.Split(' ')]));
            var tokenizer = Assert.IsType<SentencePieceTokenizer>(TokenizerFile.Load(model + ".model"));
            Assert.Contains(tokenizer.Pieces, p => p.Type == fallback);
            var texts = Texts.Tricky.Concat(Texts.Random(seed: 3, 3000, loneSurrogates: false))
                .Where(t => t.Length > 0 && !t.Contains('\n') && !t.Contains('\uFFFD') && !t.Any(char.IsSurrogate))
                .Concat(Corpus.Load("bible-english").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(500)).ToList();
            var answers = Peer.Ask(texts, "spm_encode", $"--model={model}.model", "--output_format=id");
            Assert.Equal(texts.Count, answers.Length);
            for (var i = 0; i < texts.Count; i++)
            {
                var ids = tokenizer.Encode(texts[i], SpecialTokenPolicy.None);
                if (string.Join(' ', ids) != answers[i])
                    Assert.Fail($"{Texts.ToJson(texts[i])}\nexpected {answers[i]}\nobtained {string.Join(' ', ids)}");
                if (fallback == SentencePieceType.Byte)
                    Assert.Equal(texts[i].Replace('▁', ' '), tokenizer.Decode(ids));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(SpacePrefix.Never)]
    [InlineData(SpacePrefix.Start)]
    [InlineData(SpacePrefix.EachPart)]
    [InlineData(SpacePrefix.EachPartWithoutSpace)]
    [InlineData(SpacePrefix.StartAndAfterControl)]
    public void What_is_saved_is_loaded_and_Hugging_Face_reads_it_too(SpacePrefix prefix)
    {
        // Without user-defined symbols, for which the two programs disagree on spaces.
        var pieces = Small.Pieces.Select(p => p.Type == SentencePieceType.UserDefined ? p with { Type = SentencePieceType.Control } : p)
            .ToList();
        var saved = new SentencePieceTokenizer(pieces, prefix) { ExpectsBeginOfText = true };
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            saved.Save(path);
            var loaded = Assert.IsType<SentencePieceTokenizer>(TokenizerFile.Load(path));
            Assert.True(loaded.ExpectsBeginOfText);
            Assert.Equal(saved.Pieces.Select(p => (p.Text, p.Type)), loaded.Pieces.Select(p => (p.Text, p.Type)));
            string[] texts = [.. HuggingFacePeerTests.Usable(Texts.Random(seed: 8, 1000)), "<s>Hola</s> mundo<user>x", "<s> <s>  a"];
            foreach (var text in texts)
                Assert.Equal(saved.Encode(text, SpecialTokenPolicy.All), loaded.Encode(text, SpecialTokenPolicy.All));
            HuggingFacePeerTests.Compare(saved, path, texts);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Scores_decide_then_the_leftmost_and_what_has_no_token_is_unknown()
    {
        SentencePiece[] pieces =
        [
            new("<unk>", 0, SentencePieceType.Unknown), new("<s>", 0, SentencePieceType.Control), new("a", -9, SentencePieceType.Normal),
            new("b", -9, SentencePieceType.Normal),
            new("c", -9, SentencePieceType.Normal), new("▁", -9, SentencePieceType.Normal), new("ab", -2, SentencePieceType.Normal),
            new("bc", -1, SentencePieceType.Normal),
            new("ca", -1, SentencePieceType.Normal), new("<u>", 0, SentencePieceType.UserDefined), new("zé", -3, SentencePieceType.Normal),
        ];
        var tokenizer = new SentencePieceTokenizer(pieces, SpacePrefix.Never);
        Assert.Equal([2, 7], tokenizer.Encode("abc"));
        Assert.Equal([7, 6], tokenizer.Encode("bcab")); // bc and ca score the same
        Assert.Equal([2, 0, 3], tokenizer.Encode("a日本b")); // neighbours without tokens are one unknown
        Assert.Equal([10, 0], tokenizer.Encode("zéz")); // z and é are no tokens, but both together are
        Assert.Equal([2, 9, 5, 3], tokenizer.Encode("a<u> b"));
        Assert.Throws<SpecialTokenException>(() => tokenizer.Encode("<s>"));
        Assert.Equal("a<u> b", tokenizer.Decode([2, 9, 5, 3]));
        Assert.Throws<ArgumentException>(
            () => new SentencePieceTokenizer([.. pieces, new(new string('a', 5000), 0, SentencePieceType.Normal)]));
        Assert.Throws<ArgumentException>(() => new SentencePieceTokenizer(pieces[1..], SpacePrefix.Never));
        Assert.Throws<ArgumentException>(() => new SentencePieceTokenizer([.. pieces, pieces[2]], SpacePrefix.Never));
        Assert.Throws<ArgumentException>(
            () => new SentencePieceTokenizer([.. pieces, new("<0xZZ>", 0, SentencePieceType.Byte)], SpacePrefix.Never));
        Assert.Throws<ArgumentException>(
            () => new SentencePieceTokenizer([.. pieces, new("x", 0, SentencePieceType.Unused)], SpacePrefix.Never));
    }

    [Fact]
    public void A_model_of_another_kind_is_refused()
    {
        byte[] unigram = [.. Model];
        var at = unigram.AsSpan().LastIndexOf("\x18\x02"u8); // model_type = BPE
        Assert.True(at > 0);
        unigram[at + 1] = 1;
        Assert.Contains("unigram", Assert.Throws<FormatException>(() => SentencePieceReader.Read(unigram)).Message);
        Assert.Throws<FormatException>(() => SentencePieceReader.Read(Array.Empty<byte>()));
    }
}
