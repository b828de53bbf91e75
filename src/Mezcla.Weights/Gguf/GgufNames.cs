using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights.Gguf;

/// <summary>The names of llama.cpp for the tensors of its gpt2 and llama architectures.</summary>
public static class GgufNames
{
    private static readonly WeightNames Llama = new()
    {
        Embedding = "token_embd",
        Positions = "position_embd",
        FinalNorm = "output_norm",
        Head = "output",
        AttentionNorm = "blk.{0}.attn_norm",
        Query = "blk.{0}.attn_q",
        Key = "blk.{0}.attn_k",
        Value = "blk.{0}.attn_v",
        QueryKeyOrder = RowOrder.Pairs,
        Output = "blk.{0}.attn_output",
        NetworkNorm = "blk.{0}.ffn_norm",
        Gate = "blk.{0}.ffn_gate",
        Up = "blk.{0}.ffn_up",
        Down = "blk.{0}.ffn_down",
        Router = "blk.{0}.ffn_gate_inp",
        ExpertGate = "blk.{0}.ffn_gate_exps",
        ExpertUp = "blk.{0}.ffn_up_exps",
        ExpertDown = "blk.{0}.ffn_down_exps",
        MergedExperts = true,
        QueryNorm = "blk.{0}.attn_q_norm",
        KeyNorm = "blk.{0}.attn_k_norm",
        SharedGate = "blk.{0}.ffn_gate_shexp",
        SharedUp = "blk.{0}.ffn_up_shexp",
        SharedDown = "blk.{0}.ffn_down_shexp",
        SharedSigmoid = "blk.{0}.ffn_gate_inp_shexp",
        QueryDown = "blk.{0}.attn_q_a",
        QueryDownNorm = "blk.{0}.attn_q_a_norm",
        QueryUp = "blk.{0}.attn_q_b",
        KeyValueDown = "blk.{0}.attn_kv_a_mqa",
        KeyValueNorm = "blk.{0}.attn_kv_a_norm",
        KeyUp = "blk.{0}.attn_k_b",
        ValueUp = "blk.{0}.attn_v_b",
    };

    // The other architectures rotate the numbers that are half a head apart, as Hugging Face's models do.
    private static readonly WeightNames Halves = Llama with { QueryKeyOrder = RowOrder.Same };

    private static readonly WeightNames GptOss = Halves with
    {
        NetworkNorm = "blk.{0}.post_attention_norm",
        Sinks = "blk.{0}.attn_sinks.weight",
    };

    // DeepSeek files of before April 2025.
    private static readonly WeightNames JoinedKeyValueUp = Llama with { KeyValueUp = "blk.{0}.attn_kv_b" };

    private static readonly WeightNames Gpt2 = Llama with
    {
        QueryKeyValue = "blk.{0}.attn_qkv",
        QueryKeyOrder = RowOrder.Same,
        AllBiases = true
    };

    /// <summary>The map for a configuration, as files are written.</summary>
    /// <exception cref="NotSupportedException">No architecture can hold a model of this shape.</exception>
    public static WeightMap For(TransformerConfig config) => WeightMapBuilder.Build(config, ModelFamilies.Of(config) switch
    {
        ModelFamily.Gpt2 => Gpt2,
        ModelFamily.Qwen2Moe or ModelFamily.Qwen3Moe or ModelFamily.Olmoe => Halves,
        ModelFamily.GptOss => GptOss,
        _ => Llama,
    });

    /// <summary>The map for a configuration and the names that a file really uses.</summary>
    /// <inheritdoc cref="For(TransformerConfig)"/>
    public static WeightMap For(TransformerConfig config, WeightSource source) =>
        config.Attention.Latent is not null && source.Contains("blk.0.attn_kv_b.weight")
            ? WeightMapBuilder.Build(config, JoinedKeyValueUp)
            : For(config);
}
