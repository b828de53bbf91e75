using Mezcla.Cli.Commands;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Quantization.Studies;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class CompressionCommandTests(TinyModels tiny) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-compress-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Text() => tiny.Text;

    private string Checkpoint(int experts = 0) => tiny.Checkpoint(experts: experts);

    [Theory, InlineData("gptq", 0), InlineData("gptq", 3), InlineData("awq", 0), InlineData("awq-clip", 3), InlineData("smoothquant", 0),
    InlineData("gptq-act-order", 3)]
    public void What_a_method_chose_is_what_the_file_holds(string name, int experts)
    {
        var console = new TestConsole().Width(160);
        var (path, text, output) = (Checkpoint(experts), Text(), Path.Combine(_folder, "out.gguf"));
        var mix = QuantizationMix.Parse("Q4_0");
        Assert.Equal(0, CalibratedQuantization.Run(console, path, mix, QuantizationMethod.Parse(name), text, 32, output, false));
        Assert.Contains("Perplexity on", console.Output);
        Assert.Contains("of outputs", console.Output);
        Assert.Contains($"block 1, {(experts == 0 ? "network" : "expert")}", console.Output);

        using ModelSource before = ModelSource.Open(path), after = ModelSource.Open(output);
        var model = before.Load(asFloats: true);
        var ids = before.Tokenizer!.Encode(File.ReadAllText(text));
        PostTraining.Quantize(model, QuantizationMethod.Parse(name), GgufPlan.Formats(before.Config, mix),
            CalibrationText.From(ids.AsSpan(0, ids.Length * 9 / 10), 32, 32));
        var expected = ModelWriter.Parameters(model);
        foreach (var recipe in after.Map.Recipes)
            Assert.Equal(expected(recipe.Name), after.Read(recipe.Name));
        Assert.Equal("Q4_0", after.Weights["blk.1.attn_q.weight"].Format!.Name);
        Assert.Contains("exists",
            Assert.Throws<IOException>(() => CalibratedQuantization.Run(console, path, mix, new Gptq(), text, 32, output, false)).Message);
        Assert.Contains("--calibrate",
            Assert.Throws<ArgumentException>(
                () => CalibratedQuantization.Run(console, path, mix, new Gptq(), null, 32, null, false)).Message);
    }

    [Theory, InlineData("llm.int8"), InlineData("smoothquant"), InlineData("rtn")]
    public void Activations_in_eight_bits_are_measured_layer_by_layer_and_no_file_is_written(string method)
    {
        var console = new TestConsole().Width(200);
        var path = Checkpoint();
        var before = Directory.GetFiles(Path.GetDirectoryName(path)!).Length;
        Assert.Equal(0, CalibratedQuantization.RunInt8(console, path, method, Text(), 16));
        foreach (var part in new[] { "block 0, attention", "block 0, network", "block 1, attention", "block 1, network" })
            Assert.Matches($@"{part} +INT8 +2 +[012]\.\d\d %", console.Output);
        Assert.Equal(method == "llm.int8", console.Output.Contains("outlier columns", StringComparison.Ordinal));
        Assert.Matches(@"Perplexity on [0-9,]+ tokens that the method did not use: [0-9.]+ before, [0-9.]+ after\.",
            console.Output.ReplaceLineEndings(" "));
        Assert.Equal(before, Directory.GetFiles(Path.GetDirectoryName(path)!).Length);
        Assert.Contains("smoothquant",
            Assert.Throws<ArgumentException>(() => CalibratedQuantization.RunInt8(console, path, "gptq", Text(), 16)).Message);
        Assert.Contains("--calibrate",
            Assert.Throws<ArgumentException>(() => CalibratedQuantization.RunInt8(console, path, method, null, 16)).Message);
    }

    [Fact]
    public void Models_are_pruned()
    {
        var console = new TestConsole().Width(160);
        string text = Text(), pruned = Path.Combine(_folder, "pruned.safetensors"), fewer = Path.Combine(_folder, "fewer.safetensors"),
            moe = Checkpoint(3);
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

    [Theory, InlineData("overtraining", 0, 5), InlineData("training", 0, 9), InlineData("experts", 3, 15), InlineData("cache", 0, 7),
    InlineData("activations", 0, 3), InlineData("pruning", 3, 28)]
    public void Studies_record_what_they_measure(string name, int experts, int least)
    {
        var (output, records) = (new StringWriter(), Path.Combine(_folder, "runs.jsonl"));
        StudyCommand.Run(output, name, Checkpoint(experts), Text(), records, 300, 8, name == "training" ? 2 : 0);
        var read = StudyRecord.Read(records);
        Assert.True(read.Count >= least, $"{read.Count}");
        Assert.All(read, r =>
        {
            Assert.Equal(name, r.Study);
            Assert.True(double.IsFinite(r.Loss) && r.LossBefore == read[0].LossBefore);
        });
        if (name == "experts")
            Assert.Contains(read, r => r.Part == "router" && r.ExpertsChanged > 0);
        File.AppendAllText(records, "{}\n");
        Assert.Contains($"line {read.Count + 1}", Assert.Throws<InvalidDataException>(() => StudyRecord.Read(records)).Message);
    }
}
