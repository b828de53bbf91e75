using Mezcla.Cli.Commands;
using Mezcla.Layers;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class QuantizeCommandTests(TinyModels tiny) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-quantize-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A copy: the command writes beside the model.
    private string Checkpoint()
    {
        var path = Path.Combine(_folder, "tiny.safetensors");
        File.Copy(tiny.Checkpoint(width: 256), path);
        return path;
    }

    [Fact]
    public void It_reports_sizes_and_errors_and_does_not_overwrite()
    {
        var console = new TestConsole().Width(160);
        var path = Checkpoint();
        Assert.Equal(0, QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q4_K_M"), null, force: false));
        var written = Path.Combine(_folder, "tiny-Q4_K_M.gguf");
        Assert.True(File.Exists(written));
        Assert.Contains("Q6_K", console.Output);
        Assert.Contains("bits per weight", console.Output);
        Assert.Matches(@"[0-9,]+ bytes, [0-9.]+ bits per weight; [0-9.]+ times smaller than the original weights; [0-9.]+ s\.",
            console.Output.ReplaceLineEndings(" "));
        Assert.Matches(@"Q4_K +\d+ +[0-9,]+ +[0-9,]+ +[0-9.]+ %", console.Output); // tensors, numbers, bytes, relative error
        Assert.Contains("exists",
            Assert.Throws<IOException>(
                () => QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q4_K_M"), null, force: false)).Message);
        Assert.Equal(0, QuantizeCommand.Run(console, path, QuantizationMix.Parse("Q8_0"), written, force: true));
        Assert.Contains("over itself",
            Assert.Throws<IOException>(
                () => QuantizeCommand.Run(console, written, QuantizationMix.Parse("Q8_0"), written, force: true)).Message);
        using var source = ModelSource.Open(written);
        Assert.Equal("tiny", source.Config.Name);
        Assert.NotNull(source.Tokenizer);
    }

    [Fact]
    public void Models_are_converted_there_and_back()
    {
        var output = new StringWriter();
        var path = Checkpoint();
        string gguf = Path.Combine(_folder, "a.gguf"), hugging = Path.Combine(_folder, "hf"),
            back = Path.Combine(_folder, "back.safetensors");
        ConvertCommand.Run(output, path, gguf, "F32", false);
        ConvertCommand.Run(output, gguf, hugging, "F32", false);
        ConvertCommand.Run(output, hugging, back, "F32", false);
        Assert.Throws<IOException>(() => ConvertCommand.Run(output, gguf, hugging, "F32", false));
        using ModelSource first = ModelSource.Open(path), last = ModelSource.Open(back);
        foreach (var recipe in first.Map.Recipes)
            Assert.Equal(first.Read(recipe.Name), last.Read(recipe.Name));
        Assert.Equal(first.Tokenizer!.Encode("ab aa <x>"), last.Tokenizer!.Encode("ab aa <x>"));
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void A_weight_that_is_not_finite_is_refused_with_the_tensors_name_and_nothing_is_written(float bad)
    {
        var checkpoint = ModelCheckpoint.Load(Checkpoint());
        var weight = checkpoint.Model.Blocks[0].Attention is SelfAttention attention
            ? attention.Output.Weight
            : throw new InvalidOperationException();
        var values = weight.ToArray();
        values[300] = bad;
        Module.Assign(weight, values);
        var path = Path.Combine(_folder, "broken.safetensors");
        checkpoint.Save(path);
        foreach (var mix in new[] { "Q4_K", "Q8_0", "F16" })
        {
            var error = Assert.Throws<ArgumentException>(
                () => QuantizeCommand.Run(new TestConsole(), path, QuantizationMix.Parse(mix), null, force: false));
            Assert.Contains("blk.0.attn_output.weight", error.Message);
            Assert.Empty(Directory.GetFiles(_folder, "*.gguf"));
        }
    }
}
