using System.Text.Json.Nodes;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights.HuggingFace;

/// <summary>What <c>config.json</c> of open mixtures says beyond Llama's: qwen2_moe, qwen3_moe, olmoe, granitemoe,
/// deepseek_v2, gpt_oss and phimoe.</summary>
internal static class HuggingFaceMixtures
{
    private static readonly Dictionary<string, ModelFamily> Types = new()
    {
        ["qwen2_moe"] = ModelFamily.Qwen2Moe,
        ["qwen3_moe"] = ModelFamily.Qwen3Moe,
        ["olmoe"] = ModelFamily.Olmoe,
        ["granitemoe"] = ModelFamily.GraniteMoe,
        ["deepseek_v2"] = ModelFamily.DeepseekV2,
        ["gpt_oss"] = ModelFamily.GptOss,
        ["phimoe"] = ModelFamily.PhiMoe,
    };

    /// <summary>The family that a <c>model_type</c> names; null if it is none of these.</summary>
    public static ModelFamily? Family(string type) => Types.TryGetValue(type, out var family) ? family : null;

    /// <summary>The <c>model_type</c> of a family; null if it is none of these.</summary>
    public static string? TypeOf(ModelFamily family) => Types.FirstOrDefault(t => t.Value == family).Key;

    /// <summary>Adds what a family has beyond Llama to what it has in common with it.</summary>
    /// <exception cref="InvalidDataException">A setting is missing, or is not supported.</exception>
    public static TransformerConfig Read(HuggingFaceJson json, ModelFamily family, TransformerConfig basis)
    {
        var plain = basis.Attention with { SlidingWindow = null };
        var config = basis with { Attention = plain };
        switch (family)
        {
            case ModelFamily.Qwen2Moe:
                NoWindow(json);
                return config with
                {
                    Attention = plain with { QueryKeyValueBias = json.Flag("qkv_bias", true), OutputBias = false },
                    MixtureOfExperts = Qwen(json, basis.Layers) is var qwen && json.Size("shared_expert_intermediate_size") is var shared
                        ? qwen with { SharedGate = true, SharedExperts = SharedCount(shared, qwen.Expert.IntermediateSize) }
                        : null,
                };
            case ModelFamily.Qwen3Moe:
                NoWindow(json);
                return config with
                {
                    Attention = plain with { LearnedQueryKeyNorm = QueryKeyNormSpan.Head },
                    MixtureOfExperts = Qwen(json, basis.Layers),
                };
            case ModelFamily.Olmoe:
                if (json.Has("clip_qkv"))
                    throw new InvalidDataException("clip_qkv, which limits queries, keys and values, is not supported.");
                return config with
                {
                    Attention = plain with { LearnedQueryKeyNorm = QueryKeyNormSpan.Projection },
                    MixtureOfExperts = Experts(json, json.Size("intermediate_size")),
                };
            case ModelFamily.GraniteMoe:
                return config with
                {
                    Attention = plain with { Scale = (float)json.Number("attention_multiplier", 1) },
                    EmbeddingMultiplier = (float)json.Number("embedding_multiplier", 1),
                    ResidualMultiplier = (float)json.Number("residual_multiplier", 1),
                    LogitsScaling = (float)json.Number("logits_scaling", 1),
                    MixtureOfExperts = Experts(json, json.Size("intermediate_size")) with { Routing = new TopKSoftmaxRouting() },
                };
            case ModelFamily.GptOss:
                return GptOss(json, basis);
            case ModelFamily.PhiMoe:
                return PhiMoe(json, basis);
            default:
                return Deepseek(json, config);
        }
    }

    /// <summary>Adds the settings of a family to an object that has those of Llama.</summary>
    public static void Write(JsonObject json, ModelFamily family, TransformerConfig config)
    {
        var moe = config.MixtureOfExperts!;
        json["intermediate_size"] = config.FeedForward.IntermediateSize;
        json["num_experts_per_tok"] = moe.TopK;
        var number = family switch
        {
            ModelFamily.GraniteMoe or ModelFamily.GptOss or ModelFamily.PhiMoe => "num_local_experts",
            ModelFamily.DeepseekV2 => "n_routed_experts",
            _ => "num_experts",
        };
        json[number] = moe.Experts;
        if (number != "num_local_experts")
            json["norm_topk_prob"] = moe.Routing is TopKSoftmaxRouting;
        switch (family)
        {
            case ModelFamily.Qwen2Moe or ModelFamily.Qwen3Moe:
                json["moe_intermediate_size"] = moe.Expert.IntermediateSize;
                json["decoder_sparse_step"] = 1;
                var dense = Enumerable.Range(0, config.Layers).Where(layer => !config.IsMixtureOfExperts(layer));
                json["mlp_only_layers"] = new JsonArray([.. dense.Select(layer => (JsonNode)layer)]);
                if (family == ModelFamily.Qwen2Moe)
                    json["shared_expert_intermediate_size"] = moe.SharedExperts * moe.Expert.IntermediateSize;
                break;
            case ModelFamily.Olmoe or ModelFamily.GraniteMoe:
                if (config.FeedForward.IntermediateSize != moe.Expert.IntermediateSize)
                    json["intermediate_size"] = moe.Expert.IntermediateSize;
                if (family == ModelFamily.Olmoe)
                    break;
                json["attention_multiplier"] = config.Attention.Scale ?? 1 / MathF.Sqrt(config.Attention.HeadSize);
                json["embedding_multiplier"] = config.EmbeddingMultiplier ?? 1;
                json["residual_multiplier"] = config.ResidualMultiplier ?? 1;
                json["logits_scaling"] = config.LogitsScaling ?? 1;
                break;
            case ModelFamily.GptOss:
                json["intermediate_size"] = moe.Expert.IntermediateSize;
                json["experts_per_token"] = moe.TopK;
                json["attention_bias"] = true;
                json["sliding_window"] = config.Attention.SlidingWindow;
                json["layer_types"] = new JsonArray([.. LayerTypes(config.Layers).Select(kind => (JsonNode)kind)]);
                json["swiglu_limit"] = 7.0;
                break;
            case ModelFamily.PhiMoe:
                json["intermediate_size"] = moe.Expert.IntermediateSize;
                json["attention_bias"] = config.Attention.OutputBias;
                json["sliding_window"] = config.Attention.SlidingWindow;
                json["lm_head_bias"] = config.HeadBias;
                json["router_jitter_noise"] = ((SparseMixerRouting)moe.Routing).Jitter;
                if (config.Positions.Scaling is LongRopeScaling scaling)
                {
                    json["original_max_position_embeddings"] = scaling.OriginalContext;
                    json["rope_scaling"]!["short_mscale"] = scaling.Magnitude;
                    json["rope_scaling"]!["long_mscale"] = scaling.Magnitude;
                }
                break;
            default:
                WriteDeepseek(json, config, moe, config.Attention.Latent!);
                break;
        }
    }

    private static TransformerConfig GptOss(HuggingFaceJson json, TransformerConfig basis)
    {
        if (json.Number("swiglu_limit", 7) != 7)
            throw new InvalidDataException($"a swiglu_limit of {json.Number("swiglu_limit")} is not supported: gpt-oss has 7.");
        if (json.Texts("layer_types") is { Count: > 0 } kinds && !kinds.SequenceEqual(LayerTypes(basis.Layers)))
            throw new InvalidDataException("layer_types other than sliding_attention and full_attention in turn are not supported.");
        var experts = Experts(json, json.Size("intermediate_size"));
        return basis with
        {
            Attention = basis.Attention with
            {
                QueryKeyValueBias = json.Flag("attention_bias", true),
                OutputBias = json.Flag("attention_bias", true),
                SlidingWindow = json.Size("sliding_window", 128),
                SlidingWindowPeriod = 2,
                Sinks = true,
            },
            MixtureOfExperts = experts with
            {
                Routing = new TopKSoftmaxRouting(),
                RouterBias = true,
                Expert = experts.Expert with { Activation = Activation.ClampedSwiGlu, Bias = true },
            },
        };
    }

    private static IEnumerable<string> LayerTypes(int layers) =>
        Enumerable.Range(0, layers).Select(layer => layer % 2 == 0 ? "sliding_attention" : "full_attention");

    private static TransformerConfig PhiMoe(HuggingFaceJson json, TransformerConfig basis) => basis with
    {
        // Files name the whole context as the window.
        Attention = basis.Attention with
        {
            SlidingWindow = basis.Attention.SlidingWindow is { } window && window < basis.ContextLength ? window : null,
        },
        Norm = new(NormKind.LayerNorm, basis.Norm.Epsilon),
        HeadBias = json.Flag("lm_head_bias", false),
        MixtureOfExperts = Experts(json, json.Size("intermediate_size")) with
        {
            Routing = new SparseMixerRouting { Jitter = (float)json.Number("router_jitter_noise", 0.01) },
        },
    };

    private static TransformerConfig Deepseek(HuggingFaceJson json, TransformerConfig basis)
    {
        if (json.Text("topk_method", "greedy") is var method and not "greedy" && json.Size("n_group", 1) > 1)
            throw new InvalidDataException($"experts in groups (topk_method '{method}') are not supported for deepseek_v2.");
        if (json.Text("scoring_func", "softmax") is var scoring and not "softmax")
            throw new InvalidDataException($"the scoring_func '{scoring}' of the router is not supported for deepseek_v2.");
        if (json.Size("moe_layer_freq", 1) != 1)
            throw new InvalidDataException("a moe_layer_freq other than 1 is not supported.");
        var latent = new LatentAttentionConfig(json.Has("q_lora_rank") ? json.Size("q_lora_rank") : 0, json.Size("kv_lora_rank"),
            json.Size("qk_nope_head_dim"), json.Size("qk_rope_head_dim"), json.Size("v_head_dim"));
        var moe = Experts(json, json.Size("moe_intermediate_size"));
        var factor = (float)json.Number("routed_scaling_factor", 1);
        if (factor != 1 && moe.Routing is TopKSoftmaxRouting)
            throw new InvalidDataException("norm_topk_prob together with a routed_scaling_factor is not supported.");
        var dense = json.Number("first_k_dense_replace", 0);
        return basis with
        {
            Attention = basis.Attention with
            {
                KeyValueHeads = basis.Attention.Heads,
                HeadSize = latent.NopeHeadSize + latent.RopeHeadSize,
                Latent = latent,
                Scale = DeepseekScale.Of(basis.Positions.Scaling, json.Child("rope_scaling")?.Number("mscale_all_dim", 0) ?? 0, latent),
            },
            MixtureOfExperts = moe with
            {
                SharedExperts = json.Has("n_shared_experts") ? json.Size("n_shared_experts") : 0,
                FirstDenseLayers = dense is >= 0 and <= 10_000 && dense == Math.Floor(dense)
                    ? (int)dense
                    : throw new InvalidDataException($"first_k_dense_replace is {dense}, where a number of layers is expected."),
                Routing = factor == 1 ? moe.Routing : new SoftmaxTopKRouting { Scale = factor },
            },
        };
    }

    private static void WriteDeepseek(JsonObject json, TransformerConfig config, MixtureOfExpertsConfig moe, LatentAttentionConfig latent)
    {
        json.Remove("head_dim");
        json["q_lora_rank"] = latent.QueryRank > 0 ? latent.QueryRank : null;
        json["kv_lora_rank"] = latent.KeyValueRank;
        json["qk_nope_head_dim"] = latent.NopeHeadSize;
        json["qk_rope_head_dim"] = latent.RopeHeadSize;
        json["v_head_dim"] = latent.ValueHeadSize;
        json["moe_intermediate_size"] = moe.Expert.IntermediateSize;
        json["n_shared_experts"] = moe.SharedExperts > 0 ? moe.SharedExperts : null;
        json["first_k_dense_replace"] = moe.FirstDenseLayers;
        json["moe_layer_freq"] = 1;
        json["routed_scaling_factor"] = (moe.Routing as SoftmaxTopKRouting)?.Scale ?? 1;
        json["topk_method"] = "greedy";
        json["scoring_func"] = "softmax";
        if (config.Positions.Scaling is YarnScaling scaling && config.Attention.Scale is not null
            && DeepseekScale.Multiplier(config) is var multiplier)
        {
            json["rope_scaling"]!["mscale"] = multiplier;
            json["rope_scaling"]!["mscale_all_dim"] = multiplier;
            if (scaling.Magnitude == 1)
                ((JsonObject)json["rope_scaling"]!).Remove("attention_factor");
        }
    }

    private static MixtureOfExpertsConfig Qwen(HuggingFaceJson json, int layers)
    {
        var (first, period) = Sparse(layers, json.Size("decoder_sparse_step", 1), json.Numbers("mlp_only_layers"));
        return Experts(json, json.Size("moe_intermediate_size")) with { FirstDenseLayers = first, Period = period };
    }

    // From which layer on, and in one layer of how many, there are experts.
    private static (int First, int Period) Sparse(int layers, int step, IReadOnlyList<double> dense)
    {
        bool HasExperts(int layer) => !dense.Contains(layer) && (layer + 1) % step == 0;
        var sparse = Enumerable.Range(0, Math.Min(layers, 10_000)).Where(HasExperts).ToList();
        if (sparse.Count == 0)
            throw new InvalidDataException("mlp_only_layers and decoder_sparse_step leave no layer with experts.");
        var period = sparse.Count > 1 ? sparse[1] - sparse[0] : Math.Max(step, layers - sparse[0]);
        var first = sparse[0] - period + 1;
        // The first layer of the first group is not before layer 0.
        if (first >= 0 && sparse.SequenceEqual(Enumerable.Range(first, layers - first).Where(l => (l - first) % period == period - 1)))
            return (first, period);
        throw new InvalidDataException(
            $"experts in the layers {string.Join(", ", sparse)} only are not supported: mlp_only_layers and decoder_sparse_step must " +
                "leave them in every layer, or in one of every so many, from some layer on.");
    }

    private static MixtureOfExpertsConfig Experts(HuggingFaceJson json, int wide)
    {
        var experts = new[] { "num_experts", "num_local_experts", "n_routed_experts" }.FirstOrDefault(json.Has) is { } key
            ? json.Size(key)
            : throw new InvalidDataException("the number of experts is missing.");
        var chosen = json.Size("num_experts_per_tok");
        return new MixtureOfExpertsConfig
        {
            Experts = experts,
            TopK = chosen <= experts ? chosen : throw new InvalidDataException($"a token cannot use {chosen} of {experts} experts."),
            Expert = new(wide, Activation.Silu, Gated: true),
            Routing = json.Flag("norm_topk_prob", false) ? new TopKSoftmaxRouting() : new SoftmaxTopKRouting(),
        };
    }

    /// <summary>How many experts of a width make up the shared one.</summary>
    public static int SharedCount(int shared, int wide) => shared % wide == 0
        ? shared / wide
        : throw new InvalidDataException($"a shared expert of width {shared} beside experts of {wide} is not supported: it must be a " +
            "multiple.");

    private static void NoWindow(HuggingFaceJson json)
    {
        if (json.Flag("use_sliding_window", false))
            throw new InvalidDataException("use_sliding_window, a window in the upper layers only, is not supported.");
    }
}
