using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Layers;
using Mezcla.Scaling.Presets;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Weights.Tests;

public sealed class ModelFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-models-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    public static TheoryData<string> Names => ["gpt2", "llama", "mistral", "mixtral", .. SmallMixtures.Names];

    private static TransformerConfig Config(string name) => name switch
    {
        "gpt2" => WeightMapTests.Gpt2,
        "llama" => WeightMapTests.Llama,
        "mistral" => WeightMapTests.Mistral,
        "mixtral" => WeightMapTests.Mixtral,
        _ => SmallMixtures.Get(name),
    };

    /// <summary>Wide enough for blocks of 256 and of 32.</summary>
    internal static TransformerConfig Wide(bool experts) => new()
    {
        Name = "wide",
        VocabularySize = 96,
        ContextLength = 64,
        Layers = 2,
        HiddenSize = 256,
        Attention = new() { Heads = 4, KeyValueHeads = 2, HeadSize = 64 },
        FeedForward = new(512, Activation.Silu, Gated: true),
        MixtureOfExperts = experts ? new() { Experts = 4, TopK = 2, Expert = new(256, Activation.Silu, Gated: true) } : null,
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm, 1e-5f, Bias: false),
    };

    internal static float[] Logits(Transformer model, params int[] ids)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        return model.Logits(Tensor.From(ids, 1, ids.Length)).ToArray();
    }

    private static Transformer Random(TransformerConfig config)
    {
        var model = new Transformer(config, new RandomStream(7));
        // Norms of one and biases of zero would hide mistakes.
        var random = new Random(3);
        foreach (var (name, tensor) in model.NamedParameters())
            if (tensor.Rank == 1)
                Module.Assign(tensor, [.. tensor.ToArray().Select(v => v + 0.2f * (float)(random.NextDouble() - 0.5))]);
        return model;
    }

    [Theory, MemberData(nameof(Names))]
    public void Models_come_back_from_every_kind_of_file(string name)
    {
        var model = Random(Config(name));
        var tokenizer = BytePairTokenizer.Train("abc", 256, SplitPattern.Gpt4);
        var expected = Logits(model, 1, 2, 3, 39, 0, 5);
        var parameters = ModelWriter.Parameters(model);
        void WriteGguf() => ModelWriter.WriteGguf(At("m.gguf"), model.Config, null, parameters, QuantizationMix.Parse("F32"));
        if (name == SmallMixtures.PhiMoe)
            Assert.Contains("in another way than its paper", Assert.Throws<NotSupportedException>(WriteGguf).Message);
        else
            WriteGguf();
        ModelWriter.WriteHuggingFace(At("hf"), model.Config, null, parameters, FloatFormat.F32);
        ModelWriter.WriteHuggingFace(At("sharded"), model.Config, tokenizer, parameters, FloatFormat.F32, shardBytes: 4096);
        new ModelCheckpoint { Model = model, Tokenizer = tokenizer }.Save(At("m.safetensors"));
        Assert.True(Directory.GetFiles(At("sharded"), "*.safetensors").Length > 2);
        foreach (var path in new[] { "m.gguf", "hf", "sharded", "m.safetensors" }.Where(p => Path.Exists(At(p))))
        {
            using var source = ModelSource.Open(At(path));
            Assert.Equal(path is "sharded" or "m.safetensors", source.Tokenizer is not null);
            Assert.Equal(expected, Logits(source.Load(), 1, 2, 3, 39, 0, 5));
        }
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Half_precision_is_near(bool experts)
    {
        var model = Random(Wide(experts));
        var expected = Logits(model, 1, 2, 3, 95);
        foreach (var type in new[] { "F16", "BF16" })
        {
            ModelWriter.WriteGguf(At(type + ".gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse(type));
            ModelWriter.WriteHuggingFace(At(type), model.Config, null, ModelWriter.Parameters(model),
                (FloatFormat)NumberFormats.Parse(type));
            foreach (var path in new[] { type + ".gguf", type })
            {
                using var source = ModelSource.Open(At(path));
                Assert.True(RelativeError(expected, Logits(source.Load(), 1, 2, 3, 95)) < (type == "F16" ? 2e-3 : 1.5e-2), $"{path}");
            }
        }
    }

    [Theory]
    [InlineData("Q8_0", false, 0.02), InlineData("Q4_0", false, 0.25), InlineData("Q4_K", false, 0.2), InlineData("Q6_K", false, 0.06),
    InlineData("Q5_1", false, 0.1)]
    [InlineData("Q8_0", true, 0.05), InlineData("Q4_K_M", true, 0.3), InlineData("Q4_K_M", false, 0.2)]
    public void Quantized_models_stay_quantized_and_compute_what_their_decoded_weights_do(string mix, bool experts, double tolerance)
    {
        var model = Random(Wide(experts));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse(mix));
        using var source = ModelSource.Open(At("q.gguf"));
        var quantized = source.Load();
        var floats = source.Load(asFloats: true);
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 96)];
        var logits = Logits(quantized, ids);
        // Rounded activations are all that differs from the decoded weights; a changed
        // expert is a jump, so a model with experts may differ more.
        Assert.True(RelativeError(Logits(floats, ids), logits) < (experts ? 0.2 : 0.03),
            $"{RelativeError(Logits(floats, ids), logits)} from decoded");
        Assert.True(RelativeError(Logits(model, ids), logits) < (experts ? 2 : 1) * tolerance,
            $"{RelativeError(Logits(model, ids), logits)} from floats");

        var attention = (SelfAttention)quantized.Blocks[0].Attention;
        Assert.IsType<QuantizedLinear>(attention.Projection);
        Assert.IsType<QuantizedEmbedding>(quantized.TokenEmbedding);
        Assert.Equal(experts, quantized.Blocks[1].Experts is { Up: QuantizedGroupedLinear, Down: QuantizedGroupedLinear });
        Assert.All(quantized.Parameters(), p => Assert.True(p.Rank == 1 || p.Size(0) == 4, "only norms and routers stay floats"));
        Assert.Throws<InvalidOperationException>(() => attention.Projection.Weight);
    }

    [Theory, InlineData("Q8_0"), InlineData("Q4_0"), InlineData("Q4_K_M")]
    public void Experts_on_demand_compute_the_same_and_are_read_when_a_token_chooses_them(string mix)
    {
        var model = Random(Wide(experts: true));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse(mix));
        using var source = ModelSource.Open(At("q.gguf"));
        var (all, onDemand) = (source.Load(), source.Load(expertsOnDemand: true));
        var experts = onDemand.Blocks.Where(b => b.Experts is not null).Sum(b => b.Experts!.QuantizedBytes());
        Assert.Equal(0, experts);
        Assert.Equal(Logits(all, 5), Logits(onDemand, 5));

        // Each block has four experts, of which a token uses two.
        var wholeOf = all.Blocks.Where(b => b.Experts is not null).Sum(b => b.Experts!.QuantizedBytes());
        Assert.Equal(wholeOf / 2, onDemand.Blocks.Where(b => b.Experts is not null).Sum(b => b.Experts!.QuantizedBytes()));
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 96)];
        Assert.Equal(Logits(all, ids), Logits(onDemand, ids));
    }

    [Fact]
    public void Experts_on_demand_need_the_file_to_be_open()
    {
        var model = Random(Wide(experts: true));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse("Q8_0"));
        Transformer closed;
        using (var source = ModelSource.Open(At("q.gguf")))
            closed = source.Load(expertsOnDemand: true);
        Assert.ThrowsAny<ObjectDisposedException>(() => Logits(closed, 5));
    }

    [Fact]
    public void Bytes_that_were_released_can_be_read_again()
    {
        var model = Random(Wide(experts: false));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse("Q8_0"));
        using var source = ModelSource.Open(At("q.gguf"));
        foreach (var tensor in source.Weights.Tensors)
        {
            var before = source.Weights.ReadFloats(tensor.Name);
            source.Weights.Release(tensor.Name, 0, tensor.Length);
            source.Weights.Release(tensor.Name, tensor.Length / 2, 1L << 40);
            Assert.Equal(before, source.Weights.ReadFloats(tensor.Name));
        }
    }

    // There the activations are not rounded: only the order of sums differs from decoded weights.
    [Theory]
    [InlineData("Q8_0", false), InlineData("Q4_K_M", true)]
    public void Quantized_models_run_on_devices_with_kernels_of_OpenCL(string mix, bool experts)
    {
        Assert.SkipWhen(!Device.Described.Any(d => d.Name.StartsWith("opencl", StringComparison.Ordinal)),
            "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        var model = Random(Wide(experts));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse(mix));
        using var source = ModelSource.Open(At("q.gguf"));
        var quantized = source.Load();
        quantized.MoveTo(Device.OpenCl());
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * 7 % 96)];
        Assert.IsType<QuantizedEmbedding>(quantized.TokenEmbedding);
        Assert.InRange(RelativeError(Logits(source.Load(asFloats: true), ids), Logits(quantized, ids)), 0, 1e-4);
    }

    [Fact]
    public void Quantized_parameters_are_decoded_when_a_model_is_written_again()
    {
        var model = Random(Wide(experts: true));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse("Q8_0"));
        using var source = ModelSource.Open(At("q.gguf"));
        ModelWriter.WriteGguf(At("again.gguf"), model.Config, null, ModelWriter.Parameters(source.Load()), QuantizationMix.Parse("F32"));
        using var again = ModelSource.Open(At("again.gguf"));
        foreach (var recipe in source.Map.Recipes)
        {
            var (expected, actual) = (source.Read(recipe.Name), again.Read(recipe.Name));
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], actual[i], 1e-6);
        }
    }

    [Fact]
    public void A_quantized_model_refuses_to_be_trained()
    {
        var model = Random(Wide(experts: false));
        ModelWriter.WriteGguf(At("q.gguf"), model.Config, null, ModelWriter.Parameters(model), QuantizationMix.Parse("Q8_0"));
        using var source = ModelSource.Open(At("q.gguf"));
        var quantized = source.Load();
        var loss = quantized.Loss(Tensor.From([1, 2, 3], 1, 3), Tensor.From([2, 3, 4], 1, 3));
        Assert.False(loss.Total.RequiresGrad);
        quantized.FinalNorm.Weight.RequiresGrad = true;
        Assert.Contains("Gradients cannot pass through quantized weights",
            Assert.Throws<InvalidOperationException>(
                () => quantized.Loss(Tensor.From([1, 2, 3], 1, 3), Tensor.From([2, 3, 4], 1, 3))).Message);
    }

    // bits per weight of the whole file and GiB, as llama.cpp's own table prints them for Llama 3.1 8B.
    [Theory]
    [InlineData("F16", 16.0005, 14.96), InlineData("Q8_0", 8.5008, 7.95), InlineData("Q6_K", 6.5633, 6.14),
    InlineData("Q5_K_M", 5.7036, 5.33), InlineData("Q4_K_M", 4.8944, 4.58)]
    [InlineData("Q4_K_S", 4.6672, 4.36), InlineData("Q3_K_S", 3.6429, 3.41), InlineData("Q2_K", 3.1593, 2.95)]
    public void Whole_files_of_Llama_3_1_8B_have_the_published_size(string mix, double bits, double gibibytes)
    {
        var config = TransformerPresets.Get("llama3.1-8b");
        var map = Gguf.GgufNames.For(config);
        long bytes = 0, count = 0;
        foreach (var (name, shape) in map.Sources)
        {
            var numbers = shape.Aggregate(1L, (a, b) => a * b);
            bytes += QuantizationMix.Parse(mix).FormatOf(config, name, shape).BytesFor(numbers);
            count += numbers;
        }
        Assert.Equal(bits, 8.0 * bytes / count, 6e-4);
        Assert.Equal(gibibytes, bytes / Math.Pow(2, 30), 6e-3);
    }

    [Fact]
    public void What_contradicts_itself_is_refused()
    {
        var model = Random(WeightMapTests.Llama);
        ModelWriter.WriteHuggingFace(At("hf"), model.Config, null, ModelWriter.Parameters(model), FloatFormat.F32);
        var config = File.ReadAllText(At("hf/config.json"));
        File.WriteAllText(At("hf/config.json"), config.Replace("\"intermediate_size\": 24", "\"intermediate_size\": 32"));
        Assert.Contains("asks for [32, 16]", Assert.Throws<InvalidDataException>(() => ModelSource.Open(At("hf"))).Message);
        File.WriteAllText(At("hf/config.json"), config.Replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"));
        Assert.Contains("no tensor 'model.layers.2", Assert.Throws<InvalidDataException>(() => ModelSource.Open(At("hf"))).Message);
        File.Delete(At("hf/config.json"));
        Assert.Contains("config.json", Assert.Throws<FileNotFoundException>(() => ModelSource.Open(At("hf"))).Message);
        Assert.Contains("without a configuration",
            Assert.Throws<InvalidDataException>(() => ModelSource.Open(At("hf/model.safetensors"))).Message);
        Assert.Contains("no quantization 'Q7'", Assert.Throws<ArgumentException>(() => QuantizationMix.Parse("Q7")).Message);
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        double error = 0, power = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(expected[i] - actual[i], 2);
            power += Math.Pow(expected[i], 2);
        }
        return Math.Sqrt(error / power);
    }
}
