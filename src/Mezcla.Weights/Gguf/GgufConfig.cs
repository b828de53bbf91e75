using Mezcla.Layers;
using Mezcla.Models;

namespace Mezcla.Weights.Gguf;

/// <summary>Converts between the GGUF metadata of llama.cpp's gpt2 and llama architectures and a <see cref="TransformerConfig"/>.</summary>
public static class GgufConfig
{
    /// <summary>Name of the tensor of factors by which llama.cpp divides the rotary frequencies, in models that scale them for longer
    /// contexts.</summary>
    public const string RotaryFactors = "rope_freqs.weight";

    /// <summary>Reads the configuration of a file.</summary>
    /// <exception cref="InvalidDataException">The file has another architecture, contradicts itself, or needs something that is not
    /// supported.</exception>
    public static TransformerConfig Read(GgufFile file)
    {
        try
        {
            return file.Metadata.GetString("general.architecture") switch
            {
                "gpt2" => Gpt2(file),
                "llama" => Llama(file, "llama"),
                var name when GgufMixtures.Family(name) is not null => Llama(file, name),
                "phimoe" => throw new InvalidDataException("the architecture 'phimoe' is not supported, because llama.cpp weighs the " +
                    "experts of Phi-3.5-MoE in another way than its paper: take the folder of Hugging Face."),
                var other => throw new InvalidDataException($"the architecture '{other}' is not one of gpt2, llama, qwen2moe, qwen3moe, " +
                    "olmoe, granitemoe, deepseek2 and gpt-oss."),
            };
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file.FilePath}: {e.Message}", e);
        }
    }

    /// <summary>Adds the configuration that llama.cpp needs to the metadata, and the factors of scaled rotary frequencies to the
    /// tensors.</summary>
    /// <exception cref="NotSupportedException">Neither architecture can hold a model of this shape.</exception>
    public static void Write(GgufWriter writer, TransformerConfig config)
    {
        var family = ModelFamilies.Of(config);
        if (family == ModelFamily.PhiMoe)
            throw new NotSupportedException(
                "llama.cpp weighs the experts of Phi-3.5-MoE in another way than its paper: write a folder of Hugging Face instead.");
        var gpt2 = family == ModelFamily.Gpt2;
        if (gpt2 && config.FeedForward.Activation != Activation.GeluTanh)
            throw new NotSupportedException("llama.cpp's gpt2 has the tanh form of GELU and no other activation.");
        var attention = config.Attention;
        var (metadata, architecture) = (writer.Metadata, gpt2 ? "gpt2" : GgufMixtures.ArchitectureOf(family) ?? "llama");
        void Add(string key, object value) => metadata.Add($"{architecture}.{key}", value);
        metadata.Add("general.architecture", architecture);
        metadata.Add("general.name", config.Name);
        Add("vocab_size", (uint)config.VocabularySize);
        Add("context_length", (uint)config.ContextLength);
        Add("embedding_length", (uint)config.HiddenSize);
        Add("block_count", (uint)config.Layers);
        Add("feed_forward_length", (uint)(family is ModelFamily.Mixtral or ModelFamily.Olmoe or ModelFamily.GraniteMoe
            ? config.MixtureOfExperts!.Expert.IntermediateSize
            : config.FeedForward.IntermediateSize));
        Add("attention.head_count", (uint)attention.Heads);
        if (gpt2)
        {
            Add("attention.layer_norm_epsilon", config.Norm.Epsilon);
            return;
        }
        // llama.cpp computes latent attention with one head of keys and values: the latent vector and the rotated part.
        var latent = attention.Latent;
        Add("attention.head_count_kv", (uint)(latent is null ? attention.KeyValueHeads : 1));
        Add("attention.key_length", (uint)(latent is null ? attention.HeadSize : latent.KeyValueRank + latent.RopeHeadSize));
        Add("attention.value_length", (uint)(latent?.KeyValueRank ?? attention.HeadSize));
        Add("attention.layer_norm_rms_epsilon", config.Norm.Epsilon);
        Add("rope.dimension_count", (uint)(latent?.RopeHeadSize ?? attention.HeadSize));
        Add("rope.freq_base", (float)config.Positions.Theta);
        // llama.cpp's llama attends to all positions, so the results differ only for texts that are longer than the window.
        if (attention.SlidingWindow is { } window)
            Add("attention.sliding_window", (uint)window);
        if (config.MixtureOfExperts is { } moe)
        {
            Add("expert_count", (uint)moe.Experts);
            Add("expert_used_count", (uint)moe.TopK);
        }
        if (GgufMixtures.ArchitectureOf(family) is not null)
            GgufMixtures.Write(Add, family, config);
        if (config.Positions.Scaling is Llama3Scaling scaling)
            writer.Add(RotaryFactors, Quantization.Formats.FloatFormat.F32, [attention.HeadSize / 2], Factors(config, scaling));
        else if (config.Positions.Scaling is { } other)
        {
            if (other is LongRopeScaling rope)
                foreach (var (name, factors) in new[] { (GgufScaling.ShortFactors, rope.Short), (GgufScaling.LongFactors, rope.Long) })
                    writer.Add(name, Quantization.Formats.FloatFormat.F32, [factors.Count], [.. factors.Select(f => (float)f)]);
            GgufScaling.Write(metadata, architecture,
                latent is not null && other is YarnScaling yarn ? yarn with { Magnitude = null } : other);
        }
    }

    private static TransformerConfig Gpt2(GgufFile file)
    {
        var metadata = file.Metadata;
        int width = Size(metadata, "gpt2.embedding_length"), heads = Size(metadata, "gpt2.attention.head_count");
        if (width % heads != 0)
            throw new InvalidDataException($"the width {width} is not a multiple of {heads} heads.");
        return new TransformerConfig
        {
            Name = metadata.GetString("general.name", "gpt2"),
            VocabularySize = VocabularySize(file),
            ContextLength = Size(metadata, "gpt2.context_length"),
            Layers = Size(metadata, "gpt2.block_count"),
            HiddenSize = width,
            Attention = new()
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadSize = width / heads,
                QueryKeyValueBias = true,
                OutputBias = true
            },
            FeedForward = new(Size(metadata, "gpt2.feed_forward_length", 4 * width), Activation.GeluTanh, Bias: true),
            Positions = new(PositionKind.Learned),
            Norm = new(NormKind.LayerNorm, Epsilon(metadata, "gpt2.attention.layer_norm_epsilon")),
            TiedHead = !file.Contains("output.weight"),
        };
    }

    private static TransformerConfig Llama(GgufFile file, string architecture)
    {
        var metadata = file.Metadata;
        int width = Size(metadata, architecture + ".embedding_length"), heads = Size(metadata, architecture + ".attention.head_count");
        var shared = Size(metadata, architecture + ".attention.head_count_kv", heads);
        if (heads % shared != 0)
            throw new InvalidDataException($"{heads} query heads cannot share {shared} key/value heads.");
        if (!metadata.Contains(architecture + ".attention.key_length") && width % heads != 0)
            throw new InvalidDataException($"the width {width} is not a multiple of {heads} heads.");
        var size = Size(metadata, architecture + ".attention.key_length", Math.Max(1, width / heads));
        var family = GgufMixtures.Family(architecture);
        if (family != ModelFamily.DeepseekV2 && (Size(metadata, architecture + ".attention.value_length", size) != size
            || Size(metadata, architecture + ".rope.dimension_count", size) != size))
            throw new InvalidDataException("heads whose keys, values and rotated parts differ in size are not supported.");
        var wide = Size(metadata, architecture + ".feed_forward_length");
        var experts = (int)Math.Clamp(metadata.GetInteger(architecture + ".expert_count", 0), 0, 1 << 16);
        var biased = file.Contains("blk.0.attn_q.bias");
        var config = new TransformerConfig
        {
            Name = metadata.GetString("general.name", architecture),
            VocabularySize = VocabularySize(file),
            ContextLength = Size(metadata, architecture + ".context_length"),
            Layers = Size(metadata, architecture + ".block_count"),
            HiddenSize = width,
            Attention = new()
            {
                Heads = heads,
                KeyValueHeads = shared,
                HeadSize = size,
                QueryKeyValueBias = biased,
                OutputBias = file.Contains("blk.0.attn_output.bias"),
                SlidingWindow = metadata.Contains(architecture + ".attention.sliding_window")
                    ? Size(metadata, architecture + ".attention.sliding_window")
                    : null,
            },
            FeedForward = new(wide, Activation.Silu, Gated: true),
            MixtureOfExperts = experts == 0 ? null : new()
            {
                Experts = experts,
                TopK = Size(metadata, architecture + ".expert_used_count"),
                Expert = new(wide, Activation.Silu, Gated: true)
            },
            Positions = new(PositionKind.Rotary, metadata.GetNumber(architecture + ".rope.freq_base", 10_000),
                GgufScaling.ReadLongRope(file, architecture) ?? GgufScaling.Read(metadata, architecture)),
            Norm = new(NormKind.RmsNorm, Epsilon(metadata, architecture + ".attention.layer_norm_rms_epsilon"), Bias: false),
            TiedHead = !file.Contains("output.weight"),
        };
        if (family is { } mixture)
            config = GgufMixtures.Read(metadata, mixture, config);
        if (config.MixtureOfExperts is { } moe && moe.TopK > moe.Experts)
            throw new InvalidDataException($"a token cannot use {moe.TopK} of {moe.Experts} experts.");
        if (file.Contains(RotaryFactors) && config.Positions.Scaling is not null)
            throw new InvalidDataException($"{RotaryFactors} together with rotary scaling of another kind is not supported.");
        return file.Contains(RotaryFactors)
            ? config with { Positions = config.Positions with { Scaling = Recognize(config, file.ReadFloats(RotaryFactors)) } } : config;
    }

    /// <summary>The factors by which Llama 3.1's scaling divides each frequency.</summary>
    private static float[] Factors(TransformerConfig config, Llama3Scaling scaling)
    {
        var factors = new float[config.Attention.HeadSize / 2];
        for (var i = 0; i < factors.Length; i++)
        {
            var wavelength = 2 * Math.PI * Math.Pow(config.Positions.Theta, 2.0 * i / config.Attention.HeadSize);
            var smooth = (scaling.OriginalContext / wavelength - scaling.LowFrequencyFactor)
                / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
            factors[i] = wavelength > scaling.OriginalContext / scaling.LowFrequencyFactor ? (float)scaling.Factor
                : wavelength < scaling.OriginalContext / scaling.HighFrequencyFactor ? 1
                : (float)(1 / ((1 - smooth) / scaling.Factor + smooth));
        }
        return factors;
    }

    /// <summary>Recovers the scaling formula from the factors in the file: it tries the formulas in use and returns the one that gives
    /// these factors.</summary>
    private static Llama3Scaling Recognize(TransformerConfig config, float[] factors)
    {
        foreach (var factor in new double[] { 8, 32, 16, factors.Length > 0 ? factors.Max() : 1 })
            foreach (var high in new[] { 4.0, 1.0 })
            {
                var scaling = new Llama3Scaling(factor, 1, high);
                var expected = Factors(config, scaling);
                if (expected.Length == factors.Length && expected.Zip(factors).All(p => Math.Abs(p.First - p.Second) <= 1e-4 * p.First))
                    return scaling;
            }
        throw new InvalidDataException($"the factors in {RotaryFactors} are not those of Llama 3's scaling, the only one supported.");
    }

    private static int VocabularySize(GgufFile file) => file["token_embd.weight"].Shape is [var rows, _] && rows is > 0 and < 1 << 24
        ? (int)rows
        : throw new InvalidDataException("token_embd.weight is not a matrix of a possible size.");

    internal static int Size(GgufMetadata metadata, string key, int? otherwise = null) =>
        metadata.GetIntegerOfAllLayers(key, otherwise) is var size and > 0 and < 1 << 24
        ? (int)size
        : throw new InvalidDataException(
            $"{key} is {metadata.GetIntegerOfAllLayers(key, otherwise)}, where a number from 1 to {1 << 24} is expected.");

    private static float Epsilon(GgufMetadata metadata, string key) => metadata.GetNumber(key) is var epsilon and > 0 and < 1
        ? (float)epsilon
        : throw new InvalidDataException($"{key} is {metadata.GetNumber(key)}, where a small positive number is expected.");
}
