using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

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
        WeightMapBuilder.Build(config, ModelFamilies.Of(config) == ModelFamily.Gpt2 ? Gpt2("transformer.") : Llama);

    /// <summary>The map for a configuration and the names that a file really uses: OpenAI's GPT-2 files have names without the
    /// prefix.</summary>
    /// <inheritdoc cref="For(TransformerConfig)"/>
    public static WeightMap For(TransformerConfig config, WeightSource source) =>
        ModelFamilies.Of(config) == ModelFamily.Gpt2 && source.Contains("wte.weight")
            ? WeightMapBuilder.Build(config, Gpt2(""))
            : For(config);
}
