using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tests;

namespace Mezcla.Weights.Tests;

/// <summary>TorchSharp reads the directories that we write and computes what we do, and we read those that it wrote.</summary>
public sealed class TorchTests : IDisposable
{
    private static readonly int[] Ids = [1, 7, 3, 39, 0, 5, 12, 12, 8, 2];

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-torch-").FullName;

    public TorchTests() => TorchDevice.Require();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, InlineData("gpt2"), InlineData("llama"), InlineData("mistral"), InlineData("mixtral")]
    public void TorchSharp_computes_what_we_do_with_what_we_wrote(string name)
    {
        var config = name switch
        {
            "gpt2" => WeightMapTests.Gpt2,
            "llama" => WeightMapTests.Llama,
            "mistral" => WeightMapTests.Mistral,
            _ => WeightMapTests.Mixtral
        };
        var model = new Transformer(config with { InitializerRange = 0.3f }, new Tensors.RandomStream(3));
        foreach (var (shard, format) in (ReadOnlySpan<(long, FloatFormat)>)
            [(long.MaxValue, FloatFormat.F32), (4096, FloatFormat.F32), (long.MaxValue, FloatFormat.BF16)])
        {
            var path = Path.Combine(_folder, $"{shard}-{format}");
            ModelWriter.WriteHuggingFace(path, model.Config, null, ModelWriter.Parameters(model), format, shard);
            // What was rounded to BF16 is compared with what we read of it.
            using var source = ModelSource.Open(path);
            AssertClose(TorchFamilies.Logits(path, Ids), ModelFileTests.Logits(source.Load(), Ids));
        }
    }

    [Theory, InlineData("gpt2"), InlineData("llama"), InlineData("mistral"), InlineData("mixtral")]
    public void We_compute_what_TorchSharp_does_with_what_it_wrote(string family)
    {
        TorchFamilies.Make(family).Write(_folder);
        using var source = ModelSource.Open(_folder);
        Assert.Equal(family == "mistral" ? 4 : null, source.Config.Attention.SlidingWindow);
        AssertClose(TorchFamilies.Logits(_folder, Ids), ModelFileTests.Logits(source.Load(), Ids));
    }

    [Theory, InlineData("dynamic"), InlineData("longrope")]
    public void Angles_that_depend_on_the_length_of_a_text_are_those_of_TorchSharp(string kind)
    {
        RotaryScaling scaling = kind == "dynamic" ? new DynamicScaling(4, 6) : new LongRopeScaling([1, 1.5, 2], [2, 4, 6], 6, 1.1);
        var llama = WeightMapTests.Llama with { Positions = new(PositionKind.Rotary, 10_000, scaling) };
        var model = SmallMixtures.Model(llama, deviation: 0.3f);
        ModelWriter.WriteHuggingFace(_folder, llama, null, ModelWriter.Parameters(model), FloatFormat.F32);
        using var source = ModelSource.Open(_folder);
        Assert.Equal(scaling, source.Config.Positions.Scaling);
        var loaded = source.Load();
        var longer = ModelFileTests.Logits(loaded, Ids);
        AssertClose(TorchFamilies.Logits(_folder, Ids), longer);
        AssertClose(TorchFamilies.Logits(_folder, Ids[..6]), ModelFileTests.Logits(loaded, Ids[..6]));
        // The last text that is short has other angles than the beginning of a long one.
        Assert.Contains(longer.Zip(ModelFileTests.Logits(loaded, Ids[..6])), pair => Math.Abs(pair.First - pair.Second) > 1e-2);
    }

    public static TheoryData<string> Mixtures => [.. SmallMixtures.Names, "qwen3-moe-after-dense"];

    [Theory, MemberData(nameof(Mixtures))]
    public void TorchSharp_computes_what_we_do_with_the_mixtures_that_we_wrote(string name)
    {
        var config = name == "qwen3-moe-after-dense"
            ? SmallMixtures.Get("qwen3-moe") is var qwen
                ? qwen with { MixtureOfExperts = qwen.MixtureOfExperts! with { FirstDenseLayers = 1 } }
                : null!
            : SmallMixtures.Get(name);
        var model = SmallMixtures.Model(config, deviation: 0.3f);
        ModelWriter.WriteHuggingFace(_folder, model.Config, null, ModelWriter.Parameters(model), FloatFormat.F32);
        using var source = ModelSource.Open(_folder);
        AssertClose(TorchMixtures.Logits(_folder, Ids), ModelFileTests.Logits(source.Load(), Ids));
    }

    [Fact]
    public void TorchSharp_computes_what_we_do_with_gpt_oss_in_MXFP4()
    {
        var basis = SmallMixtures.Get("gpt-oss", wide: true);
        var config = basis with { Positions = basis.Positions with { Scaling = new YarnScaling(4, 16, Truncate: false) } };
        var model = SmallMixtures.Model(config, deviation: 0.08f);
        ModelWriter.WriteHuggingFace(_folder, config, null, ModelWriter.Parameters(model), FloatFormat.F32);
        var folder = TorchFolder.Read(_folder);
        foreach (var name in folder.Weights.Keys.Where(n => n.EndsWith("_proj", StringComparison.Ordinal)).ToList())
        {
            // Random codes, scaled so that the numbers are about as large as before.
            var shape = folder.Weights[name].shape;
            folder.Weights[name + "_blocks"] = TorchSharp.torch.randint(256, [shape[0], shape[2], shape[1] / 32, 16],
                TorchSharp.torch.ScalarType.Byte);
            folder.Weights[name + "_scales"] = TorchSharp.torch.randint(120, 123, [shape[0], shape[2], shape[1] / 32],
                TorchSharp.torch.ScalarType.Byte);
            folder.Weights.Remove(name);
        }
        foreach (var file in Directory.GetFiles(_folder))
            File.Delete(file);
        folder.Write(_folder);
        using var source = ModelSource.Open(_folder);
        Assert.Equal(config with { Name = source.Config.Name }, source.Config);
        var expected = TorchMixtures.Logits(_folder, Ids);
        AssertClose(expected, ModelFileTests.Logits(source.Load(asFloats: true), Ids));
        // Kept in four bits, activations are rounded to eight.
        var packed = source.Load();
        Assert.IsType<Quantization.Layers.QuantizedGroupedLinear>(packed.Blocks[0].Experts!.Up);
        var near = ModelFileTests.Logits(packed, Ids);
        Assert.True(Math.Sqrt(expected.Zip(near, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(a => (double)a * a)) < 0.2);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Contains(expected, value => Math.Abs(value) > 0.1);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 2e-4f * (1 + Math.Abs(expected[i])));
    }
}
