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
        QueryKeyOrder = RowOrder.RotaryPairs,
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
    };

    private static readonly WeightNames Gpt2 = Llama with
    {
        QueryKeyValue = "blk.{0}.attn_qkv",
        QueryKeyOrder = RowOrder.Same,
        AllBiases = true
    };

    /// <summary>The map for a configuration.</summary>
    /// <exception cref="NotSupportedException">Neither architecture can hold a model of this shape.</exception>
    public static WeightMap For(TransformerConfig config) =>
        WeightMapBuilder.Build(config, ModelFamilies.Of(config) == ModelFamily.Gpt2 ? Gpt2 : Llama);
}
