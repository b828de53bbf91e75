using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.HuggingFace;
using Mezcla.Weights.Safetensors;

namespace Mezcla.Weights.Tests;

public sealed class WeightMapTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(params string[] names) => Path.Combine([_folder, .. names]);

    internal static readonly TransformerConfig Gpt2 = new()
    {
        Name = "small-gpt2",
        VocabularySize = 40,
        ContextLength = 16,
        Layers = 2,
        HiddenSize = 8,
        Attention = new() { Heads = 2, KeyValueHeads = 2, HeadSize = 4, QueryKeyValueBias = true, OutputBias = true },
        FeedForward = new(32, Activation.GeluTanh, Bias: true),
        Positions = new(PositionKind.Learned),
        Norm = new(NormKind.LayerNorm),
        TiedHead = true,
    };

    internal static readonly TransformerConfig Llama = new()
    {
        Name = "small-llama",
        VocabularySize = 40,
        ContextLength = 64,
        Layers = 2,
        HiddenSize = 16,
        Attention = new() { Heads = 4, KeyValueHeads = 2, HeadSize = 6 },
        FeedForward = new(24, Activation.Silu, Gated: true),
        Positions = new(PositionKind.Rotary, 500_000, new Llama3Scaling()),
        Norm = new(NormKind.RmsNorm, 1e-6f, Bias: false),
    };

    internal static readonly TransformerConfig Mistral = Llama with
    {
        Name = "small-mistral",
        Attention = Llama.Attention with { SlidingWindow = 8 },
        Positions = new(PositionKind.Rotary, 10_000),
    };

    internal static readonly TransformerConfig Mixtral = Llama with
    {
        Name = "small-mixtral",
        Positions = new(PositionKind.Rotary, 1_000_000),
        MixtureOfExperts = new() { Experts = 3, TopK = 2, Expert = new(24, Activation.Silu, Gated: true) },
    };

    public static TheoryData<string> Names => ["gpt2", "llama", "mistral", "mixtral", .. SmallMixtures.Names];

    private static TransformerConfig Config(string name) =>
        name switch { "gpt2" => Gpt2, "llama" => Llama, "mistral" => Mistral, "mixtral" => Mixtral, _ => SmallMixtures.Get(name) };

    /// <summary>Every number of every parameter is different, so that one in a wrong place shows.</summary>
    private static Dictionary<string, float[]> Parameters(WeightMap map)
    {
        var next = 0f;
        return map.Recipes.ToDictionary(r => r.Name, r => Enumerable.Range(0, (int)r.Count).Select(_ => next++ / 64).ToArray());
    }

    [Theory, MemberData(nameof(Names))]
    public void Configurations_come_back_from_config_json(string name)
    {
        File.WriteAllText(At("config.json"), HuggingFaceConfig.Write(Config(name)));
        Assert.Equal(Config(name) with { Name = Path.GetFileName(_folder) }, HuggingFaceConfig.Read(At("config.json")));
    }

    [Theory, MemberData(nameof(Names))]
    public void Counts_of_the_maps_are_those_of_the_configuration(string name)
    {
        var config = Config(name);
        Assert.Equal(ParameterCount.Of(config).Total, HuggingFaceNames.For(config).Recipes.Sum(r => r.Count));
        Assert.Equal(ParameterCount.Of(config).Total, GgufNames.For(config).Sources.Values.Sum(s => s.Aggregate(1L, (a, b) => a * b)));
    }

    [Fact]
    public void Published_shapes_have_maps_of_the_published_size()
    {
        foreach (var name in new[] { "gpt2", "llama2-7b", "llama3.1-8b", "mistral-7b", "mixtral-8x7b" })
        {
            var config = TransformerPresets.Get(name);
            Assert.Equal(ParameterCount.Of(config).Total, GgufNames.For(config).Recipes.Sum(r => r.Count));
        }
        Assert.Contains("a routing other than that of its family",
            Assert.Throws<NotSupportedException>(() => HuggingFaceNames.For(TransformerPresets.Get("deepseek-v3"))).Message);
    }

    [Theory, MemberData(nameof(Names))]
    public void Weights_come_back_from_safetensors(string name)
    {
        var map = HuggingFaceNames.For(Config(name));
        var parameters = Parameters(map);
        SafetensorsFile.Write(At("model.safetensors"), map.Sources.Select(s => (s.Key, s.Value, map.Write(s.Key, n => parameters[n]))));
        using var source = WeightSource.Open(_folder);
        map.Check(source);
        foreach (var recipe in map.Recipes)
            Assert.Equal(parameters[recipe.Name], WeightMap.Read(source, recipe));
    }

    [Theory]
    [InlineData("attention.head_count")]
    [InlineData("attention.head_count_kv")]
    [InlineData("feed_forward_length")]
    public void A_size_may_stand_once_for_each_layer(string key)
    {
        var config = Llama with { Positions = new(PositionKind.Rotary) };
        TransformerConfig Read(Func<uint, uint[]> layers)
        {
            GgufWriter writer = new(), written = new();
            GgufConfig.Write(writer, config);
            foreach (var (name, value) in writer.Metadata)
                written.Metadata.Add(name, name == $"llama.{key}" ? layers((uint)value) : value);
            foreach (var (tensor, shape) in GgufNames.For(config).Sources)
                written.Add(tensor, FloatFormat.F32, shape, new float[shape.Aggregate(1, (a, b) => a * (int)b)]);
            written.Save(At("m.gguf"));
            using var source = (GgufFile)WeightSource.Open(At("m.gguf"));
            return GgufConfig.Read(source);
        }

        Assert.Equal(config, Read(size => [size, size]));
        var refused = Assert.Throws<InvalidDataException>(() => Read(size => [size, 2 * size])).Message;
        Assert.Contains($"The layers of this model differ in 'llama.{key}'", refused);
    }

    public static TheoryData<string> NamesInGguf => [.. Names.Select(n => n.Data).Where(name => name != SmallMixtures.PhiMoe)];

    [Theory, MemberData(nameof(NamesInGguf))]
    public void Configuration_and_weights_come_back_from_gguf(string name)
    {
        var map = GgufNames.For(Config(name));
        var parameters = Parameters(map);
        var writer = new GgufWriter();
        GgufConfig.Write(writer, Config(name));
        foreach (var (tensor, shape) in map.Sources.Concat(map.Zeros))
            writer.Add(tensor, FloatFormat.F32, shape, map.Write(tensor, n => parameters[n]));
        writer.Save(At("m.gguf"));
        using var source = (GgufFile)WeightSource.Open(At("m.gguf"));
        Assert.Equal(Config(name), GgufConfig.Read(source));
        map.Check(source);
        foreach (var recipe in map.Recipes)
            Assert.Equal(parameters[recipe.Name], WeightMap.Read(source, recipe));
    }

    [Fact]
    public void Rows_that_rotate_together_stand_side_by_side_in_llama_cpp()
    {
        // The rule of its converter: reshape(heads, 2, h/2, in).swapaxes(1, 2).
        var map = GgufNames.For(Llama);
        var parameters = Parameters(map);
        var ours = parameters["blocks.1.attention.qkv.weight"];
        var theirs = map.Write("blk.1.attn_q.weight", n => parameters[n]);
        for (var head = 0; head < 4; head++)
            for (var i = 0; i < 3; i++)
                for (var half = 0; half < 2; half++)
                    for (var column = 0; column < 16; column++)
                        Assert.Equal(ours[(head * 6 + half * 3 + i) * 16 + column], theirs[(head * 6 + 2 * i + half) * 16 + column]);
        Assert.Equal(ours[((24 + 12) * 16)..], map.Write("blk.1.attn_v.weight", n => parameters[n]));
    }

    [Fact]
    public void Missing_biases_are_written_as_zeros_for_llama_cpp()
    {
        var bare = Gpt2 with
        {
            Attention = Gpt2.Attention with { QueryKeyValueBias = false, OutputBias = false },
            FeedForward = Gpt2.FeedForward with { Bias = false },
            Norm = Gpt2.Norm with { Bias = false },
        };
        var map = GgufNames.For(bare);
        Assert.Equal(GgufNames.For(Gpt2).Sources.Keys.Order(), map.Sources.Keys.Concat(map.Zeros.Keys).Order());
        Assert.Equal(new float[24], map.Write("blk.0.attn_qkv.bias", _ => throw new InvalidOperationException()));
    }

    [Fact]
    public void Shards_are_joined_by_their_index()
    {
        SafetensorsFile.Write(At("a.safetensors"), [("x", [1], [1f]), ("both", [1], [3f])]);
        SafetensorsFile.Write(At("b.safetensors"), [("y", [1], [2f]), ("both", [1], [4f])]);
        File.WriteAllText(At("model.safetensors.index.json"),
            """{"metadata":{},"weight_map":{"x":"a.safetensors","y":"b.safetensors","both":"b.safetensors"}}""");
        using var source = WeightSource.Open(_folder);
        Assert.Equal([1f], source.ReadFloats("x"));
        Assert.Equal([2f], source.ReadFloats("y"));
        Assert.Equal([4f], source.ReadFloats("both"));
        Assert.Equal(3, source.Tensors.Count);
        Assert.Contains("2 files", source.Kind);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\\\outside.safetensors")]
    [InlineData("c:outside.safetensors")]
    [InlineData("sub/inside.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("weights.bin")]
    public void An_index_that_points_elsewhere_is_refused(string file)
    {
        File.WriteAllText(At("model.safetensors.index.json"), "{\"weight_map\":{\"x\":\"" + file + "\"}}");
        Assert.Contains("not the name of a safetensors file",
            Assert.Throws<InvalidDataException>(() => WeightSource.Open(_folder)).Message);
    }

    [Theory]
    [InlineData("{", "not a valid index")]
    [InlineData("[]", "not a valid index")]
    [InlineData("""{"weight_map":{"x":7}}""", "not a valid index")]
    [InlineData("""{"weight_map":{"x":"a.safetensors","x":"a.safetensors"}}""", "twice")]
    [InlineData("""{"weight_map":{"z":"a.safetensors"}}""", "'z' is in a.safetensors, and it is not")]
    public void A_broken_index_is_refused(string json, string what)
    {
        SafetensorsFile.Write(At("a.safetensors"), [("x", [1], [1f])]);
        File.WriteAllText(At("model.safetensors.index.json"), json);
        Assert.Contains(what, Assert.Throws<InvalidDataException>(() => WeightSource.Open(_folder)).Message);
    }

    [Theory]
    [InlineData("""{"model_type":"bert"}""", "'bert'")]
    [InlineData("""{"model_type":"llama"}""", "hidden_size is missing")]
    [InlineData("""{"model_type":"gpt2","n_embd":-4}""", "n_embd is -4")]
    [InlineData("""{"model_type":"gpt2","n_embd":1e99}""", "n_embd is 1e99")]
    [InlineData("""{"model_type":"gpt2","n_embd":770}""", "not a multiple of n_head")]
    [InlineData("""{"model_type":"gpt2","activation_function":"tanh"}""", "'tanh'")]
    [InlineData("""{"model_type":"gpt2","layer_norm_epsilon":"x"}""", "layer_norm_epsilon")]
    [InlineData("""{"model_type":"llama","hidden_size":64,"num_attention_heads":4,"num_key_value_heads":3,"vocab_size":9}""",
        "cannot share 3")]
    [InlineData("""
        {"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"rope_scaling":{"type":"yarn"}}
        """, "factor is missing")]
    [InlineData("""
        {"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"rope_scaling":{"type":"longrope","factor":4}}
        """, "as many numbers in short_factor")]
    [InlineData("""
        {"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"rope_scaling":{"type":"ntk","factor":4}}
        """, "'ntk'")]
    [InlineData("""
        {"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"rope_scaling":{"type":"linear","factor":0.5}}
        """, "factor of the rotary scaling is 0.5")]
    [InlineData("""
        {"model_type":"olmoe","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"num_experts":4,"num_experts_per_tok":2,"clip_qkv":8.0}
        """, "clip_qkv")]
    [InlineData("""
        {"model_type":"qwen3_moe","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":5,"intermediate_size":9,"moe_intermediate_size":4,"num_experts":4,"num_experts_per_tok":2,
        "mlp_only_layers":[1,2]}
        """, "experts in the layers 0, 3, 4 only")]
    [InlineData("""
        {"model_type":"qwen2_moe","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"moe_intermediate_size":4,"num_experts":4,"num_experts_per_tok":2,
        "shared_expert_intermediate_size":6}
        """, "a shared expert of width 6 beside experts of 4")]
    [InlineData("""
        {"model_type":"qwen3_moe","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":9,
        "num_hidden_layers":1,"intermediate_size":9,"moe_intermediate_size":4,"num_experts":4,"num_experts_per_tok":8}
        """, "cannot use 8 of 4 experts")]
    [InlineData("""[1]""", "an object is expected")]
    [InlineData("""{"model_type":""", "config.json")]
    public void Configurations_that_cannot_be_are_refused(string json, string what)
    {
        File.WriteAllText(At("config.json"), json);
        Assert.Contains(what, Assert.Throws<InvalidDataException>(() => HuggingFaceConfig.Read(At("config.json"))).Message);
    }

    public static TheoryData<string, RotaryScaling?> Scalings => new()
    {
        { """{"type":"linear","factor":2.5}""", new LinearScaling(2.5) },
        { """{"rope_type":"default"}""", null },
        { """{"rope_type":"dynamic","factor":4}""", null }, // up to the trained context, the length here, nothing is scaled
        { """{"type":"dynamic","factor":4,"original_max_position_embeddings":32768}""", null },
        { """{"type":"dynamic","factor":4,"original_max_position_embeddings":8192}""", new DynamicScaling(4, 8192) },
        {
            """
            {"type":"longrope","original_max_position_embeddings":4096,"short_factor":[1,1,1,1,1.5,1.5,1.5,1.5],
            "long_factor":[1,2,3,4,5,6,7,8]}
            """,
            // 1 + ln 8 / ln 4096 is 1 + 3/12.
            new LongRopeScaling([1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5], [1, 2, 3, 4, 5, 6, 7, 8], 4096, Math.Sqrt(1.25))
        },
        { """{"rope_type":"yarn","factor":4}""", new YarnScaling(4, 32768, Truncate: true) },
        {
            """{"type":"yarn","factor":4,"original_max_position_embeddings":8192,"beta_fast":16,"beta_slow":2,"truncate":false}""",
            new YarnScaling(4, 8192, 2, 16)
        },
        { """{"type":"yarn","factor":40,"attention_factor":1.25}""", new YarnScaling(40, 32768, Truncate: true, Magnitude: 1.25) },
        {
            """{"type":"yarn","factor":40,"mscale":1,"mscale_all_dim":0.5}""",
            new YarnScaling(40, 32768, Truncate: true, Magnitude: (0.1 * Math.Log(40) + 1) / (0.05 * Math.Log(40) + 1))
        },
    };

    [Theory, MemberData(nameof(Scalings))]
    public void Scaled_positions_are_read_and_written_back(string json, RotaryScaling? scaling)
    {
        File.WriteAllText(At("config.json"), $$"""
            {"model_type":"llama","hidden_size":64,"num_attention_heads":4,"vocab_size":9,"max_position_embeddings":32768,
            "num_hidden_layers":1,"intermediate_size":9,"rope_scaling":{{json}}}
            """);
        var config = HuggingFaceConfig.Read(At("config.json"));
        Assert.Equal(scaling, config.Positions.Scaling);
        File.WriteAllText(At("config.json"), HuggingFaceConfig.Write(config));
        Assert.Equal(config, HuggingFaceConfig.Read(At("config.json")));
        var writer = new GgufWriter();
        if (scaling is YarnScaling { Truncate: false })
        {
            Assert.Contains("between dimensions",
                Assert.Throws<NotSupportedException>(() => GgufConfig.Write(writer, config)).Message);
            return;
        }
        if (scaling is DynamicScaling)
        {
            Assert.Contains("DynamicScaling", Assert.Throws<NotSupportedException>(() => GgufConfig.Write(writer, config)).Message);
            return;
        }
        GgufConfig.Write(writer, config);
        if (scaling is LongRopeScaling)
            return; // its factors are tensors, and LlamaCppTests read them
        var read = GgufScaling.Read(writer.Metadata, "llama");
        Assert.Equal(scaling is YarnScaling { Magnitude: not null } ? null : scaling,
            read is YarnScaling { Magnitude: not null } ? null : read);
        Assert.Equal((scaling as YarnScaling)?.Magnitude ?? 1, (read as YarnScaling)?.Magnitude ?? 1, 1e-6);
    }

    [Theory]
    [InlineData("yarn", 0.5f, "factor is 0.5")]
    [InlineData("longrope", 4f, "'longrope' is not supported")]
    public void Scalings_in_a_GGUF_file_that_are_not_known_are_refused(string type, float factor, string what)
    {
        var metadata = new GgufWriter().Metadata;
        metadata.Add("llama.rope.scaling.type", type);
        metadata.Add("llama.rope.scaling.factor", factor);
        metadata.Add("llama.context_length", 64u);
        Assert.Contains(what, Assert.Throws<InvalidDataException>(() => GgufScaling.Read(metadata, "llama")).Message);
    }

    [Fact]
    public void Real_configurations_are_read()
    {
        // The entries of the published files that matter: Llama 3.1 8B and Mixtral 8x7B.
        File.WriteAllText(At("config.json"), """
            {"architectures":["LlamaForCausalLM"],"attention_bias":false,"hidden_act":"silu","hidden_size":4096,
            "intermediate_size":14336,"max_position_embeddings":131072,"mlp_bias":false,
            "model_type":"llama","num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,
            "pretraining_tp":1,"rms_norm_eps":1e-05,
            "rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":8192,"rope_type":"llama3"},
            "rope_theta":500000.0,"tie_word_embeddings":false,"vocab_size":128256}
            """);
        var llama = HuggingFaceConfig.Read(At("config.json"));
        Assert.Equal(TransformerPresets.Get("llama3.1-8b") with { Name = llama.Name }, llama);
        File.WriteAllText(At("config.json"), """
            {"architectures":["MixtralForCausalLM"],"hidden_act":"silu","hidden_size":4096,
            "intermediate_size":14336,"max_position_embeddings":32768,"model_type":"mixtral",
            "num_attention_heads":32,"num_experts_per_tok":2,"num_hidden_layers":32,"num_key_value_heads":8,
            "num_local_experts":8,"rms_norm_eps":1e-05,"rope_theta":1000000.0,
            "sliding_window":null,"tie_word_embeddings":false,"vocab_size":32000}
            """);
        var mixtral = HuggingFaceConfig.Read(At("config.json"));
        Assert.Equal(TransformerPresets.Get("mixtral-8x7b") with { Name = mixtral.Name }, mixtral);
    }

    [Fact]
    public void What_is_no_weight_file_is_refused_with_what_it_is()
    {
        File.WriteAllText(At("x.txt"), "hello, world");
        Assert.Contains("neither a GGUF nor a safetensors",
            Assert.Throws<InvalidDataException>(() => WeightSource.Open(At("x.txt"))).Message);
        Assert.Throws<FileNotFoundException>(() => WeightSource.Open(At("absent")));
        Assert.Contains("model.safetensors", Assert.Throws<FileNotFoundException>(() => WeightSource.Open(_folder)).Message);
    }
}
