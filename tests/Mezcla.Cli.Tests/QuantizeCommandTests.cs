using Mezcla.Cli.Commands;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mezcla-quantize-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Checkpoint()
    {
        var config = new TransformerConfig
        {
            Name = "tiny",
            VocabularySize = 260,
            ContextLength = 32,
            Layers = 1,
            HiddenSize = 256,
            Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 64 },
            FeedForward = new(256, Activation.Silu, Gated: true),
            Positions = new(PositionKind.Rotary),
            Norm = new(NormKind.RmsNorm, Bias: false),
        };
        var path = Path.Combine(folder, "tiny.safetensors");
        new ModelCheckpoint { Model = new Transformer(config, new RandomStream(1)), Tokenizer = BytePairTokenizer.Train("aaaa bbbb", 260, SplitPattern.Gpt4, "<|endoftext|>") }.Save(path);
        return path;
    }

    [Fact]
    public void It_reports_sizes_and_errors_and_does_not_overwrite()
    {
        var console = new TestConsole().Width(160);
        var path = Checkpoint();
        Assert.Equal(0, QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q4_K_M"), null, force: false));
        var written = Path.Combine(folder, "tiny-Q4_K_M.gguf");
        Assert.True(File.Exists(written));
        Assert.Contains("Q6_K", console.Output);
        Assert.Contains("bits a weight", console.Output);
        Assert.Contains("%", console.Output);
        Assert.Contains("exists", Assert.Throws<IOException>(() => QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q4_K_M"), null, force: false)).Message);
        Assert.Equal(0, QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q8_0"), written, force: true));
        Assert.Contains("over itself", Assert.Throws<IOException>(() => QuantizeCommand.Run(console, written, QuantizationMix.Parse("Q8_0"), written, force: true)).Message);
        using var source = ModelSource.Open(written);
        Assert.Equal("tiny", source.Config.Name);
        Assert.NotNull(source.Tokenizer);
    }

    [Fact]
    public void Models_are_converted_there_and_back()
    {
        var output = new StringWriter();
        var path = Checkpoint();
        string gguf = Path.Combine(folder, "a.gguf"), hugging = Path.Combine(folder, "hf"), back = Path.Combine(folder, "back.safetensors");
        ConvertCommand.Run(output, path, gguf, "F32", false);
        ConvertCommand.Run(output, gguf, hugging, "F32", false);
        ConvertCommand.Run(output, hugging, back, "F32", false);
        Assert.Throws<IOException>(() => ConvertCommand.Run(output, gguf, hugging, "F32", false));
        using ModelSource first = ModelSource.Open(path), last = ModelSource.Open(back);
        foreach (var recipe in first.Map.Recipes) Assert.Equal(first.Read(recipe.Name), last.Read(recipe.Name));
        Assert.Equal(first.Tokenizer!.Encode("ab aa <x>"), last.Tokenizer!.Encode("ab aa <x>"));
    }
}
