using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tokenization;

namespace Mezcla.Weights.HuggingFace;

/// <summary>Converts between <c>config.json</c> of Hugging Face's gpt2, llama, mistral and mixtral and a
/// <see cref="TransformerConfig"/>.</summary>
public static class HuggingFaceConfig
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "config.json";

    /// <summary>Reads the file. Settings that are missing get the default of the transformers library.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, is of another family, or needs something that is not supported; the
    /// message says what.</exception>
    public static TransformerConfig Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            return Parse(new HuggingFaceJson(document.RootElement),
                Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "model");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            throw new InvalidDataException($"{Path.GetFullPath(path)}: {e.Message}", e);
        }
    }

    /// <summary>The text of the file for a configuration, and for the tokenizer's tokens that begin and end a text.</summary>
    /// <exception cref="NotSupportedException">No family can hold a model of this shape.</exception>
    public static string Write(TransformerConfig config, Tokenizer? tokenizer = null)
    {
        var family = ModelFamilies.Of(config);
        var attention = config.Attention;
        JsonObject json;
        if (family == ModelFamily.Gpt2)
        {
            json = new JsonObject
            {
                ["architectures"] = new JsonArray("GPT2LMHeadModel"),
                ["model_type"] = "gpt2",
                ["vocab_size"] = config.VocabularySize,
                ["n_positions"] = config.ContextLength,
                ["n_embd"] = config.HiddenSize,
                ["n_layer"] = config.Layers,
                ["n_head"] = attention.Heads,
                ["n_inner"] = config.FeedForward.IntermediateSize,
                ["activation_function"] = config.FeedForward.Activation switch
                {
                    Activation.GeluTanh => "gelu_new",
                    Activation.Gelu => "gelu",
                    _ => "relu"
                },
                ["layer_norm_epsilon"] = config.Norm.Epsilon,
                ["resid_pdrop"] = config.Dropout,
                ["embd_pdrop"] = config.Dropout,
                ["attn_pdrop"] = 0,
                ["tie_word_embeddings"] = config.TiedHead,
            };
        }
        else
        {
            json = new JsonObject
            {
                ["architectures"] = new JsonArray($"{(family == ModelFamily.PhiMoe ? "Phimoe" : family)}ForCausalLM"),
                ["model_type"] = HuggingFaceMixtures.TypeOf(family) ?? family.ToString().ToLowerInvariant(),
                ["vocab_size"] = config.VocabularySize,
                ["max_position_embeddings"] = config.ContextLength,
                ["hidden_size"] = config.HiddenSize,
                ["intermediate_size"] = config.MixtureOfExperts?.Expert.IntermediateSize ?? config.FeedForward.IntermediateSize,
                ["num_hidden_layers"] = config.Layers,
                ["num_attention_heads"] = attention.Heads,
                ["num_key_value_heads"] = attention.KeyValueHeads,
                ["head_dim"] = attention.HeadSize,
                ["hidden_act"] = "silu",
                ["rms_norm_eps"] = config.Norm.Epsilon,
                ["rope_theta"] = config.Positions.Theta,
                ["tie_word_embeddings"] = config.TiedHead,
            };
            if (family == ModelFamily.Llama)
            {
                if (attention.OutputBias != attention.QueryKeyValueBias)
                    throw new NotSupportedException("Llama files have biases in all attention matrices or in none.");
                json["attention_bias"] = attention.QueryKeyValueBias;
            }
            else if (family is ModelFamily.Mistral or ModelFamily.Mixtral)
            {
                if (attention.QueryKeyValueBias || attention.OutputBias)
                    throw new NotSupportedException($"{family} files have no attention biases.");
                json["sliding_window"] = attention.SlidingWindow;
            }
            if (config.Positions.Scaling is { } scaling)
                json["rope_scaling"] = HuggingFaceScaling.Write(scaling);
            if (HuggingFaceMixtures.TypeOf(family) is not null)
                HuggingFaceMixtures.Write(json, family, config);
            else if (config.MixtureOfExperts is { } moe)
            {
                json["num_local_experts"] = moe.Experts;
                json["num_experts_per_tok"] = moe.TopK;
            }
        }
        // Without these entries, readers would use the values of the original models.
        json["bos_token_id"] = tokenizer?.BeginOfText ?? tokenizer?.EndOfText;
        json["eos_token_id"] = tokenizer?.EndOfText;
        json["torch_dtype"] = "float32";
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    private static TransformerConfig Parse(HuggingFaceJson json, string name) => json.Text("model_type", "") switch
    {
        "gpt2" => Gpt2(json, name),
        "llama" => Llama(json, name, 1e-6, 1e4, null),
        "mistral" => Llama(json, name, 1e-6, 1e4, 4096),
        "mixtral" => Llama(json, name, 1e-5, 1e6, null) with { MixtureOfExperts = Experts(json) },
        var type when HuggingFaceMixtures.Family(type) is { } family => HuggingFaceMixtures.Read(json, family,
            Llama(json, name, family is ModelFamily.Olmoe or ModelFamily.GptOss or ModelFamily.PhiMoe ? 1e-5 : 1e-6,
                family == ModelFamily.GptOss ? 150_000 : 1e4, null, family == ModelFamily.DeepseekV2)),
        var other => throw new InvalidDataException(
            $"the model type '{other}' is not one of gpt2, llama, mistral, mixtral, qwen2_moe, qwen3_moe, olmoe, granitemoe, " +
                "deepseek_v2, gpt_oss and phimoe."),
    };

    private static TransformerConfig Gpt2(HuggingFaceJson json, string name)
    {
        int width = json.Size("n_embd", 768), heads = json.Size("n_head", 12);
        if (width % heads != 0)
            throw new InvalidDataException($"n_embd {width} is not a multiple of n_head {heads}.");
        if (!json.Flag("scale_attn_weights", true) || json.Flag("scale_attn_by_inverse_layer_idx", false))
            throw new InvalidDataException("its attention is scaled in a way that is not supported.");
        return new TransformerConfig
        {
            Name = name,
            VocabularySize = json.Size("vocab_size", 50257),
            ContextLength = json.Size("n_positions", 1024),
            Layers = json.Size("n_layer", 12),
            HiddenSize = width,
            Attention = new()
            {
                Heads = heads,
                KeyValueHeads = heads,
                HeadSize = width / heads,
                QueryKeyValueBias = true,
                OutputBias = true
            },
            FeedForward = new(json.Size("n_inner", 4 * width), json.Text("activation_function", "gelu_new") switch
            {
                "gelu_new" or "gelu_pytorch_tanh" => Activation.GeluTanh,
                "gelu" => Activation.Gelu,
                "relu" => Activation.Relu,
                var other => throw new InvalidDataException($"the activation '{other}' is not supported."),
            }, Bias: true),
            Positions = new(PositionKind.Learned),
            Norm = new(NormKind.LayerNorm, (float)json.Number("layer_norm_epsilon", 1e-5)),
            TiedHead = json.Flag("tie_word_embeddings", true),
            Dropout = (float)json.Number("resid_pdrop", 0.1),
        };
    }

    private static TransformerConfig Llama(HuggingFaceJson json, string name, double epsilon, double theta, int? window,
        bool latent = false)
    {
        int width = json.Size("hidden_size"), heads = json.Size("num_attention_heads");
        var shared = json.Size("num_key_value_heads", heads);
        if (heads % shared != 0)
            throw new InvalidDataException($"{heads} query heads cannot share {shared} key/value heads.");
        if (!latent && !json.Has("head_dim") && width % heads != 0)
            throw new InvalidDataException($"hidden_size {width} is not a multiple of num_attention_heads {heads}.");
        if (json.Text("hidden_act", "silu") is var activation and not ("silu" or "swish"))
            throw new InvalidDataException($"the activation '{activation}' is not supported.");
        if (json.Flag("mlp_bias", false))
            throw new InvalidDataException("biases in the feed-forward network are not supported.");
        var bias = json.Flag("attention_bias", false);
        // Version 5 of the library puts all settings of rotary positions into one object.
        var rotary = json.Child("rope_parameters") ?? json;
        var scaling = json.Child("rope_scaling") ?? json.Child("rope_parameters");
        return new TransformerConfig
        {
            Name = name,
            VocabularySize = json.Size("vocab_size"),
            ContextLength = json.Size("max_position_embeddings"),
            Layers = json.Size("num_hidden_layers"),
            HiddenSize = width,
            Attention = new()
            {
                Heads = heads,
                KeyValueHeads = shared,
                HeadSize = json.Size("head_dim", Math.Max(1, width / heads)),
                QueryKeyValueBias = bias,
                OutputBias = bias,
                SlidingWindow = json.Has("sliding_window") ? json.Size("sliding_window") : json.HasNull("sliding_window") ? null : window,
            },
            FeedForward = new(json.Size("intermediate_size"), Activation.Silu, Gated: true),
            Positions = new(PositionKind.Rotary, rotary.Number("rope_theta", json.Number("rope_theta", theta)),
                HuggingFaceScaling.Read(scaling, json.Size("max_position_embeddings"),
                    json.Has("original_max_position_embeddings") ? json.Size("original_max_position_embeddings") : null)),
            Norm = new(NormKind.RmsNorm, (float)json.Number("rms_norm_eps", epsilon), Bias: false),
            TiedHead = json.Flag("tie_word_embeddings", false),
        };
    }

    private static MixtureOfExpertsConfig Experts(HuggingFaceJson json)
    {
        int experts = json.Size("num_local_experts", 8), chosen = json.Size("num_experts_per_tok", 2);
        if (chosen > experts)
            throw new InvalidDataException($"a token cannot use {chosen} of {experts} experts.");
        return new MixtureOfExpertsConfig
        {
            Experts = experts,
            TopK = chosen,
            Expert = new(json.Size("intermediate_size"), Activation.Silu, Gated: true)
        };
    }
}
