using System.Security.Cryptography;
using System.Text;
using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

public class EncodingTests
{
    [Theory]
    [InlineData("gpt2", 50257, new[] { 31373, 995 })]
    [InlineData("r50k_base", 50257, new[] { 31373, 995 })]
    [InlineData("p50k_base", 50281, new[] { 31373, 995 })]
    [InlineData("p50k_edit", 50284, new[] { 31373, 995 })]
    [InlineData("cl100k_base", 100277, new[] { 15339, 1917 })]
    [InlineData("o200k_base", 200019, new[] { 24912, 2375 })]
    [InlineData("o200k_harmony", 201088, new[] { 24912, 2375 })]
    public void An_encoding_has_its_published_size_and_says_hello(string name, int size, int[] hello)
    {
        var tokenizer = Tokenizer.ForEncoding(name);
        Assert.Equal(size, tokenizer.VocabularySize);
        Assert.Equal(hello, tokenizer.Encode("hello world"));
        Assert.Equal("hello world", tokenizer.Decode(hello));
        Assert.Same(tokenizer, Tokenizer.ForEncoding(name));
    }

    [Fact]
    public void An_unknown_encoding_is_refused_with_the_names_that_exist() =>
        Assert.Contains("cl100k_base", Assert.Throws<ArgumentException>(() => Tokenizer.ForEncoding("gpt-4")).Message);

    [Theory]
    [InlineData("r50k_base", "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930")]
    [InlineData("p50k_base", "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069")]
    [InlineData("cl100k_base", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")]
    [InlineData("o200k_base", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d")]
    public void The_packed_vocabulary_is_the_published_file(string name, string sha256)
    {
        var text = new StringBuilder();
        var ranks = Encodings.Ranks(name);
        for (var rank = 0; rank < ranks.Count; rank++)
            if (ranks[rank] is { } token)
                text.Append(Convert.ToBase64String(token)).Append(' ').Append(rank).Append('\n');
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text.ToString()))));
    }
}
