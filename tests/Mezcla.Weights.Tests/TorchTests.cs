using System.Text.Json;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tests;

namespace Mezcla.Weights.Tests;

/// <summary>PyTorch reads the directories that we write and computes what we do, and we read those that it wrote.</summary>
public sealed class TorchTests : IDisposable
{
    private static readonly int[] Ids = [1, 7, 3, 39, 0, 5, 12, 12, 8, 2];

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-torch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, InlineData("gpt2"), InlineData("llama"), InlineData("mistral"), InlineData("mixtral")]
    public void PyTorch_computes_what_we_do_with_what_we_wrote(string name)
    {
        var config = name switch
        {
            "gpt2" => WeightMapTests.Gpt2,
            "llama" => WeightMapTests.Llama,
            "mistral" => WeightMapTests.Mistral,
            _ => WeightMapTests.Mixtral
        };
        var model = new Transformer(config with { InitializerRange = 0.3f }, new Tensors.RandomStream(3));
        string[] paths =
            [.. new[] { (long.MaxValue, FloatFormat.F32), (4096, FloatFormat.F32), (long.MaxValue, FloatFormat.BF16) }.Select(variant =>
            {
                var path = Path.Combine(_folder, $"{variant.Item1}-{variant.Item2}");
                ModelWriter.WriteHuggingFace(path, model.Config, null, ModelWriter.Parameters(model), variant.Item2, variant.Item1);
                return path;
            })];
        foreach (var (path, logits) in paths.Zip(Run(["read", .. paths])))
        {
            // What was rounded to BF16 is compared with what we read of it.
            using var source = ModelSource.Open(path);
            AssertClose(logits, ModelFileTests.Logits(source.Load(), Ids));
        }
    }

    [Theory, InlineData("gpt2"), InlineData("llama"), InlineData("mistral"), InlineData("mixtral")]
    public void We_compute_what_PyTorch_does_with_what_it_wrote(string family)
    {
        var logits = Run("make", family, _folder).Single();
        using var source = ModelSource.Open(_folder);
        Assert.Equal(family == "mistral" ? 4 : null, source.Config.Attention.SlidingWindow);
        AssertClose(logits, ModelFileTests.Logits(source.Load(), Ids));
    }

    private static readonly Lazy<string> Python = new(() => Peer.Python("torch"));

    /// <summary>The logits of each folder's model. Starting PyTorch takes seconds: once for all of them.</summary>
    private static float[][] Run(params string[] arguments) =>
        [.. Peer.Ask([], Python.Value, [Peer.Script("torch_model.py"), .. arguments, string.Join(',', Ids)])
            .Select(line => JsonSerializer.Deserialize<float[][]>(line)!.SelectMany(row => row).ToArray())];

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-4f * (1 + Math.Abs(expected[i])));
    }
}
