using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Tests.Tokenization;

public class BytePairTrainingTests
{
    // Few letters, so that pairs repeat, overlap ("aaa") and tie.
    private static Gen<string> Texts =>
        Gen.Elements('a', 'a', 'b', 'c', ' ', '\n', '1', '\'', 'é', 'ſ').ListOf().Select(c => new string([.. c, .. c, .. c]));

    [Property(MaxTest = 300)]
    public Property The_fast_trainer_finds_the_merges_of_the_reference() =>
        Prop.ForAll(Texts.ToArbitrary(), Gen.Elements(Enum.GetValues<SplitPattern>()).ToArbitrary(), (text, pattern) =>
        {
            var expected = BytePairReference.Train(text, 256 + 40, pattern);
            var tokenizer = BytePairTokenizer.Train(text, 256 + 40, pattern);
            Assert.Equal(expected, tokenizer.Merges);
            for (var id = 0; id < tokenizer.VocabularySize; id++)
                Assert.Equal(BytePairReference.TokenBytes(id, expected), tokenizer.TokenBytes(id));
        });

    [Property(MaxTest = 300)]
    public Property Encoding_applies_the_merges_in_order_and_decodes_to_the_text() =>
        Prop.ForAll(Texts.ToArbitrary(), Texts.ToArbitrary(), Gen.Elements(Enum.GetValues<SplitPattern>()).ToArbitrary(),
            (learnt, text, pattern) =>
        {
            var tokenizer = BytePairTokenizer.Train(learnt, 256 + 40, pattern);
            var ids = tokenizer.Encode(text);
            Assert.Equal(BytePairReference.Encode(text, tokenizer.Merges, pattern), ids);
            Assert.Equal(text, tokenizer.Decode(ids));
        });

    [Fact]
    public void The_reference_learns_the_example_in_its_documentation()
    {
        var merges = BytePairReference.Train("low lower lowest", 258, SplitPattern.None);
        Assert.Equal([('l', 'o'), (256, 'w')], merges);
        Assert.Equal(['s', 257], BytePairReference.Encode("slow", merges, SplitPattern.None));
    }

    [Fact]
    public void Ties_go_to_the_smaller_pair_of_ids()
    {
        // "cd" and "ab" occur twice each, and so does nothing else but what they make.
        var tokenizer = BytePairTokenizer.Train("cd_ab.ab cd", 258, SplitPattern.None);
        Assert.Equal([('a', 'b'), ('c', 'd')], tokenizer.Merges);
    }

    [Fact]
    public void Training_stops_when_no_pair_occurs_twice()
    {
        var tokenizer = BytePairTokenizer.Train("abcabd", 1000, SplitPattern.None, "<|endoftext|>");
        Assert.Equal([('a', 'b')], tokenizer.Merges);
        Assert.Equal(258, tokenizer.VocabularySize);
        Assert.Equal(257, tokenizer.EndOfText);
        Assert.Equal([256, 257, 256], tokenizer.Encode("ab<|endoftext|>ab", SpecialTokenPolicy.All));
    }

    [Fact]
    public void A_vocabulary_too_small_for_the_bytes_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BytePairTokenizer.Train("text", 255));
        Assert.Throws<ArgumentOutOfRangeException>(() => BytePairTokenizer.Train("text", 256, SplitPattern.Gpt2, "<|endoftext|>"));
        Assert.Equal(256, BytePairTokenizer.Train("", 300).VocabularySize);
    }

    [Theory]
    [InlineData(SplitPattern.None)]
    [InlineData(SplitPattern.Gpt2)]
    [InlineData(SplitPattern.Gpt4)]
    [InlineData(SplitPattern.Gpt4o)]
    public void What_is_saved_is_loaded(SplitPattern pattern)
    {
        var text = string.Concat(Enumerable.Repeat("The cat's hat, the rat's 1234 mats. \"No\" \\ é\r\n\u0001", 5));
        var saved = BytePairTokenizer.Train(text, 330, pattern, "<|endoftext|>", "<|\"quoted\"|>");
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            saved.Save(path);
            var loaded = Assert.IsType<BytePairTokenizer>(TokenizerFile.Load(path));
            Assert.Equal((saved.VocabularySize, saved.Pattern), (loaded.VocabularySize, loaded.Pattern));
            Assert.Equal(saved.Merges, loaded.Merges);
            Assert.Equal(saved.SpecialTokens, loaded.SpecialTokens);
            Assert.Equal(saved.Encode(text), loaded.Encode(text));
            for (var id = 0; id < saved.VocabularySize; id++)
                Assert.Equal(saved.TokenBytes(id), loaded.TokenBytes(id));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
