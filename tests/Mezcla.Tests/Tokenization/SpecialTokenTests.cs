using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

public class SpecialTokenTests
{
    private static readonly BytePairTokenizer Gpt4 = Tokenizer.ForEncoding("cl100k_base");

    [Fact]
    public void A_special_token_in_the_text_is_refused_unless_one_says_otherwise()
    {
        var refused = Assert.Throws<SpecialTokenException>(() => Gpt4.Encode("one<|endoftext|>two"));
        Assert.Equal(("<|endoftext|>", 3), (refused.Token, refused.Position));
        Assert.Throws<SpecialTokenException>(() => Gpt4.Encode("<|fim_prefix|>", SpecialTokenPolicy.Only("<|endoftext|>")));
    }

    [Fact]
    public void A_special_token_is_its_id_or_its_text()
    {
        Assert.Equal([606, 100257, 20375], Gpt4.Encode("one<|endoftext|>two", SpecialTokenPolicy.All));
        Assert.Equal([606, 100257, 20375], Gpt4.Encode("one<|endoftext|>two", SpecialTokenPolicy.Only("<|endoftext|>")));
        Assert.Equal([100257, .. Gpt4.Encode("<|fim_prefix|>", SpecialTokenPolicy.None)],
            Gpt4.Encode("<|endoftext|><|fim_prefix|>", SpecialTokenPolicy.OnlyElseText("<|endoftext|>")));
        Assert.DoesNotContain(100257, Gpt4.Encode("one<|endoftext|>two", SpecialTokenPolicy.None));
        Assert.Equal("one<|endoftext|>two", Gpt4.Decode([606, 100257, 20375]));
        Assert.Equal(Gpt4.Encode("<|endoftext"), Gpt4.Encode("<|endoftext", SpecialTokenPolicy.All));
    }

    [Fact]
    public void Allowing_a_token_that_does_not_exist_is_an_error() =>
        Assert.Contains("<|end|>", Assert.Throws<ArgumentException>(() => Gpt4.Encode("", SpecialTokenPolicy.Only("<|end|>"))).Message);

    [Fact]
    public void Of_two_that_start_alike_the_longer_wins()
    {
        var tokenizer = BytePairTokenizer.Train("", 300, SplitPattern.None, "<a>", "<a><b>");
        Assert.Equal([257, 256, 'b'], tokenizer.Encode("<a><b><a>b", SpecialTokenPolicy.All));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100256)] // between the vocabulary and the special tokens
    [InlineData(100261)]
    [InlineData(100277)]
    [InlineData(int.MaxValue)]
    public void An_id_that_no_token_has_is_refused(int id)
    {
        Assert.Contains(id.ToString(), Assert.Throws<ArgumentOutOfRangeException>(() => Gpt4.Decode([15339, id])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Gpt4.TokenBytes(id));
    }

    [Fact]
    public void Many_threads_may_encode_at_once()
    {
        string[] texts = [.. Texts.Random(seed: 11, 400)];
        var expected = texts.Select(t => Gpt4.Encode(t, SpecialTokenPolicy.None)).ToArray();
        Parallel.For(0, 4000, i => Assert.Equal(expected[i % texts.Length], Gpt4.Encode(texts[i % texts.Length], SpecialTokenPolicy.None)));
    }
}
