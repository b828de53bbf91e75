using Mezcla.Generation;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;
using Mezcla.Weights.Tests.Tokenizers;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests;

/// <summary>The text that a model from a file writes, piece by piece.</summary>
public sealed class GenerationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-generation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("gguf", SpacePrefix.EachPart)]
    [InlineData("folder", SpacePrefix.EachPart)]
    [InlineData("folder", SpacePrefix.Start)]
    [InlineData("folder", SpacePrefix.EachPartWithoutSpace)]
    public void A_text_without_a_prompt_begins_without_the_space_that_encoding_adds(string kind, SpacePrefix prefix)
    {
        var pieces = SentencePieceReader.Read(SentencePieceTests.Model).Pieces
            .Select(p => p.Type == SentencePieceType.UserDefined ? p with { Type = SentencePieceType.Control } : p).ToList();
        var saved = new SentencePieceTokenizer(pieces, prefix) { ExpectsBeginOfText = true };
        var model = new Transformer(ModelFileTests.Wide(experts: false) with { VocabularySize = pieces.Count }, new RandomStream(3));
        var path = Path.Combine(_folder, "model.gguf");
        if (kind == "gguf")
            ModelWriter.WriteGguf(path, model.Config, saved, ModelWriter.Parameters(model), QuantizationMix.Parse("F32"));
        else
            ModelWriter.WriteHuggingFace(path, model.Config, saved, ModelWriter.Parameters(model), FloatFormat.F32);
        using var source = ModelSource.Open(path);
        var (generator, tokenizer) = (new Generator(source.Load(), source.Tokenizer!), source.Tokenizer!);
        var spaces = 0;
        for (ulong seed = 1; seed <= 30; seed++)
        {
            var sampling = new SamplingConfig { Seed = seed };
            var ids = generator.Tokens(generator.Encode(""), 6, sampling).TakeWhile(id => id != tokenizer.EndOfText).ToArray();
            var text = string.Concat(generator.Stream("", 6, sampling));
            Assert.Equal(tokenizer.Decode(ids), text);
            if (ids.Length == 0 || pieces[ids[0]] is not { Type: SentencePieceType.Normal, Text: ['▁', not '▁', ..] } first)
                continue;
            spaces++;
            Assert.StartsWith(first.Text[1..].Replace('▁', ' '), text);
        }
        Assert.True(spaces >= 5, $"Only {spaces} texts began with a piece that has a space.");

        // After a word the space belongs to the text.
        Assert.False(tokenizer.AddsSpace(before: tokenizer.Encode("the")[^1], "sea"u8));
    }
}
