using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;

namespace Mezcla.Weights.HuggingFace;

/// <summary>The names of Hugging Face's transformers library for the tensors of each family.</summary>
public static class HuggingFaceNames
{
    private static readonly WeightNames Llama = new()
    {
        Embedding = "model.embed_tokens",
        Positions = "",
        FinalNorm = "model.norm",
        Head = "lm_head",
        AttentionNorm = "model.layers.{0}.input_layernorm",
        Query = "model.layers.{0}.self_attn.q_proj",
        Key = "model.layers.{0}.self_attn.k_proj",
        Value = "model.layers.{0}.self_attn.v_proj",
        Output = "model.layers.{0}.self_attn.o_proj",
        NetworkNorm = "model.layers.{0}.post_attention_layernorm",
        Gate = "model.layers.{0}.mlp.gate_proj",
        Up = "model.layers.{0}.mlp.up_proj",
        Down = "model.layers.{0}.mlp.down_proj",
        Router = "model.layers.{0}.block_sparse_moe.gate",
        ExpertGate = "model.layers.{0}.block_sparse_moe.experts.{1}.w1",
        ExpertDown = "model.layers.{0}.block_sparse_moe.experts.{1}.w2",
        ExpertUp = "model.layers.{0}.block_sparse_moe.experts.{1}.w3",
    };

    private static readonly WeightNames Qwen = Llama with
    {
        QueryNorm = "model.layers.{0}.self_attn.q_norm",
        KeyNorm = "model.layers.{0}.self_attn.k_norm",
        Router = "model.layers.{0}.mlp.gate",
        ExpertGate = "model.layers.{0}.mlp.experts.{1}.gate_proj",
        ExpertUp = "model.layers.{0}.mlp.experts.{1}.up_proj",
        ExpertDown = "model.layers.{0}.mlp.experts.{1}.down_proj",
        SharedGate = "model.layers.{0}.mlp.shared_expert.gate_proj",
        SharedUp = "model.layers.{0}.mlp.shared_expert.up_proj",
        SharedDown = "model.layers.{0}.mlp.shared_expert.down_proj",
        SharedSigmoid = "model.layers.{0}.mlp.shared_expert_gate",
    };

    private static readonly WeightNames Granite = Llama with
    {
        Router = "model.layers.{0}.block_sparse_moe.router.layer",
        ExpertGateUp = "model.layers.{0}.block_sparse_moe.input_linear",
        ExpertDown = "model.layers.{0}.block_sparse_moe.output_linear",
    };

    private static readonly WeightNames Deepseek = Qwen with
    {
        SharedGate = "model.layers.{0}.mlp.shared_experts.gate_proj",
        SharedUp = "model.layers.{0}.mlp.shared_experts.up_proj",
        SharedDown = "model.layers.{0}.mlp.shared_experts.down_proj",
        QueryDown = "model.layers.{0}.self_attn.q_a_proj",
        QueryDownNorm = "model.layers.{0}.self_attn.q_a_layernorm",
        QueryUp = "model.layers.{0}.self_attn.q_b_proj",
        KeyValueDown = "model.layers.{0}.self_attn.kv_a_proj_with_mqa",
        KeyValueNorm = "model.layers.{0}.self_attn.kv_a_layernorm",
        KeyValueUp = "model.layers.{0}.self_attn.kv_b_proj",
    };

    private static readonly WeightNames GptOss = Llama with
    {
        Sinks = "model.layers.{0}.self_attn.sinks",
        Router = "model.layers.{0}.mlp.router",
        ExpertGateUp = "model.layers.{0}.mlp.experts.gate_up_proj",
        ExpertDown = "model.layers.{0}.mlp.experts.down_proj",
        GptOss = GptOssExperts.Transposed,
    };

    private static WeightNames Gpt2(string prefix) => new()
    {
        Embedding = prefix + "wte",
        Positions = prefix + "wpe",
        FinalNorm = prefix + "ln_f",
        Head = "lm_head",
        AttentionNorm = prefix + "h.{0}.ln_1",
        QueryKeyValue = prefix + "h.{0}.attn.c_attn",
        Output = prefix + "h.{0}.attn.c_proj",
        NetworkNorm = prefix + "h.{0}.ln_2",
        Up = prefix + "h.{0}.mlp.c_fc",
        Down = prefix + "h.{0}.mlp.c_proj",
        Transposed = true, // its Conv1D multiplies from the left
        AllBiases = true,
    };

    /// <summary>The map for a configuration, as files are written.</summary>
    /// <exception cref="NotSupportedException">No family can hold a model of this shape.</exception>
    public static WeightMap For(TransformerConfig config) =>
        WeightMapBuilder.Build(config, ModelFamilies.Of(config) switch
        {
            ModelFamily.Gpt2 => Gpt2("transformer."),
            ModelFamily.Qwen2Moe or ModelFamily.Qwen3Moe or ModelFamily.Olmoe => Qwen,
            ModelFamily.GraniteMoe => Granite,
            ModelFamily.DeepseekV2 => Deepseek,
            ModelFamily.GptOss => GptOss,
            _ => Llama,
        });

    /// <summary>The map for a configuration and the names that a file really uses: OpenAI's GPT-2 files have names without the
    /// prefix, and gpt-oss comes in two forms.</summary>
    /// <inheritdoc cref="For(TransformerConfig)"/>
    public static WeightMap For(TransformerConfig config, WeightSource source) =>
        ModelFamilies.Of(config) switch
        {
            ModelFamily.Gpt2 when source.Contains("wte.weight") => WeightMapBuilder.Build(config, Gpt2("")),
            ModelFamily.GptOss when source.Tensors.Any(t => t.Format == NumberFormats.MxFp4) =>
                WeightMapBuilder.Build(config, GptOss with { GptOss = GptOssExperts.Packed }),
            _ => For(config),
        };
}
