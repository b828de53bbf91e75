using Mezcla.Cli.Commands;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Quantization.Studies;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class CompressionCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mezcla-compress-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Text()
    {
        var path = Path.Combine(folder, "text.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Range(0, 800).Select(i => $"{i % 7} and {i % 5} are {i % 7 + i % 5}. ")));
        return path;
    }

    private string Checkpoint(int experts = 0)
    {
        var config = new TransformerConfig
        {
            Name = "tiny",
            VocabularySize = 260,
            ContextLength = 32,
            Layers = 2,
            HiddenSize = 64,
            Attention = new() { Heads = 4, KeyValueHeads = 2, HeadSize = 16 },
            FeedForward = new(64, Activation.Silu, Gated: true),
            MixtureOfExperts = experts == 0 ? null : new() { Experts = experts, TopK = 1, Expert = new(64, Activation.Silu, Gated: true) },
            Positions = new(PositionKind.Rotary),
            Norm = new(NormKind.RmsNorm, Bias: false),
            InitializerRange = 0.12f,
        };
        var path = Path.Combine(folder, $"tiny{experts}.safetensors");
        new ModelCheckpoint { Model = new Transformer(config, new RandomStream(1)), Tokenizer = BytePairTokenizer.Train(File.ReadAllText(Text())[..2000], 260, SplitPattern.Gpt4, "<|endoftext|>") }.Save(path);
        return path;
    }

    [Theory, InlineData("gptq", 0), InlineData("gptq", 3), InlineData("awq", 0), InlineData("gptq-act-order", 3)]
    public void What_a_method_chose_is_what_the_file_holds(string name, int experts)
    {
        var console = new TestConsole().Width(160);
        var (path, text, output) = (Checkpoint(experts), Text(), Path.Combine(folder, "out.gguf"));
        var mix = QuantizationMix.Parse("Q4_0");
        Assert.Equal(0, CalibratedQuantization.Run(console, path, mix, QuantizationMethod.Parse(name), text, 32, output, false));
        Assert.Contains("Perplexity on", console.Output);
        Assert.Contains("of outputs", console.Output);

        using ModelSource before = ModelSource.Open(path), after = ModelSource.Open(output);
        var model = before.Load(asFloats: true);
        var ids = before.Tokenizer!.Encode(File.ReadAllText(text));
        PostTraining.Quantize(model, QuantizationMethod.Parse(name), GgufPlan.Formats(before.Config, mix), CalibrationText.From(ids.AsSpan(0, ids.Length * 9 / 10), 32, 32));
        var expected = ModelWriter.Parameters(model);
        foreach (var recipe in after.Map.Recipes) Assert.Equal(expected(recipe.Name), after.Read(recipe.Name));
        Assert.Equal("Q4_0", after.Weights["blk.1.attn_q.weight"].Format!.Name);
        Assert.Contains("exists", Assert.Throws<IOException>(() => CalibratedQuantization.Run(console, path, mix, new Gptq(), text, 32, output, false)).Message);
        Assert.Contains("--calibrate", Assert.Throws<ArgumentException>(() => CalibratedQuantization.Run(console, path, mix, new Gptq(), null, 32, null, false)).Message);
    }

    [Fact]
    public void Models_are_pruned()
    {
        var console = new TestConsole().Width(160);
        string text = Text(), pruned = Path.Combine(folder, "pruned.safetensors"), fewer = Path.Combine(folder, "fewer.safetensors"), moe = Checkpoint(3);
        Assert.Equal(0, PruneCommand.Run(console, Checkpoint(), text, new Wanda(), PruneCommand.Pattern("2:4"), 0, 16, pruned, false));
        Assert.Contains("50.0", console.Output);
        var model = ModelCheckpoint.Load(pruned).Model as Transformer;
        Assert.All(model!.Blocks[0].Network!.Up.Weight.ToArray().Chunk(4), four => Assert.Equal(2, four.Count(v => v == 0)));
        Assert.Equal(0, PruneCommand.Run(console, moe, text, new Wanda(), PruneCommand.Pattern("0.5"), 2, 16, fewer, false));
        Assert.Contains("1 of 3 experts", console.Output);
        using var source = ModelSource.Open(fewer);
        Assert.Equal(2, source.Config.MixtureOfExperts!.Experts);
        Assert.Contains("2:4", Assert.Throws<ArgumentException>(() => PruneCommand.Pattern("half")).Message);
    }

    [Theory, InlineData("overtraining", 0, 5), InlineData("experts", 3, 15), InlineData("cache", 0, 7), InlineData("activations", 0, 3), InlineData("pruning", 3, 28)]
    public void Studies_record_what_they_measure(string name, int experts, int least)
    {
        var (output, records) = (new StringWriter(), Path.Combine(folder, "runs.jsonl"));
        StudyCommand.Run(output, name, Checkpoint(experts), Text(), records, 300, 8, 0);
        var read = StudyRecord.Read(records);
        Assert.True(read.Count >= least, $"{read.Count}");
        Assert.All(read, r =>
        {
            Assert.Equal(name, r.Study);
            Assert.True(double.IsFinite(r.Loss) && r.LossBefore == read[0].LossBefore);
        });
        if (name == "experts") Assert.Contains(read, r => r.Part == "router" && r.ExpertsChanged > 0);
        File.AppendAllText(records, "{}\n");
        Assert.Contains($"line {read.Count + 1}", Assert.Throws<InvalidDataException>(() => StudyRecord.Read(records)).Message);
    }
}
