using Mezcla.Models;
using Mezcla.Quantization.Formats;

namespace Mezcla.Weights;

/// <summary>
/// Chooses the format of each matrix of a file. A mix is either one format for all matrices (F16, Q8_0, Q4_K, ...) or one of llama.cpp's
/// mixes. Its Q4_K_M, for example, is mostly Q4_K, with more bits for the head and for the value and down projections of some layers.
/// </summary>
public sealed class QuantizationMix
{
    private readonly BlockFormat _basis;
    private readonly Func<Place, BlockFormat?>? _special;

    private QuantizationMix(string name, uint fileType, BlockFormat basis, Func<Place, BlockFormat?>? special = null) =>
        (Name, FileType, _basis, _special) = (name, fileType, basis, special);

    /// <summary>A name such as <c>Q4_K_M</c>.</summary>
    public string Name { get; }

    /// <summary>llama.cpp's number for the mix, which is stored in the file's metadata.</summary>
    public uint FileType { get; }

    /// <summary>All mixes, widest first.</summary>
    public static IReadOnlyList<QuantizationMix> All { get; } =
    [
        new("F32", 0, FloatFormat.F32), new("F16", 1, FloatFormat.F16), new("BF16", 32, FloatFormat.BF16),
        new("Q8_0", 7, NumberFormats.Q8_0), new("Q6_K", 18, NumberFormats.Q6_K),
        new("Q5_K_M", 17, NumberFormats.Q5_K, p => p.IsHead ? NumberFormats.Q6_K : p.Role switch
        {
            Role.Value or Role.Down when p.MoreBits => NumberFormats.Q6_K,
            Role.QueryKeyValue => NumberFormats.Q6_K,
            _ => null,
        }),
        new("Q5_K_S", 16, NumberFormats.Q5_K, HeadOnly), new("Q5_K", 16, NumberFormats.Q5_K), new("Q5_1", 9, NumberFormats.Q5_1),
        new("Q5_0", 8, NumberFormats.Q5_0),
        new("Q4_1", 3, NumberFormats.Q4_1),
        new("Q4_K_M", 15, NumberFormats.Q4_K, p => p.IsHead ? NumberFormats.Q6_K : p.Role switch
        {
            Role.Value or Role.Down when p.MoreBits => NumberFormats.Q6_K,
            Role.QueryKeyValue => NumberFormats.Q5_K,
            _ => null,
        }),
        new("Q4_K_S", 14, NumberFormats.Q4_K, p => p.IsHead ? NumberFormats.Q6_K : p.Role switch
        {
            Role.Value when p.Layer < 4 => NumberFormats.Q5_K,
            Role.Down when p.Layer < p.Layers / 8 => NumberFormats.Q5_K,
            _ => null,
        }),
        new("Q4_K", 14, NumberFormats.Q4_K), new("Q4_0", 2, NumberFormats.Q4_0), new("NVFP4", 39, NumberFormats.NvFp4),
        new("MXFP4", 38, NumberFormats.MxFp4),
        new("Q3_K_M", 12, NumberFormats.Q3_K, p => p.IsHead ? NumberFormats.Q6_K : p.Role switch
        {
            Role.Value => p.Layer < 2 ? NumberFormats.Q5_K : NumberFormats.Q4_K,
            Role.Down => p.Layer < p.Layers / 16 ? NumberFormats.Q5_K : NumberFormats.Q4_K,
            Role.Output or Role.QueryKeyValue => NumberFormats.Q4_K,
            _ => null,
        }),
        new("Q3_K_S", 11, NumberFormats.Q3_K, HeadOnly), new("Q3_K", 11, NumberFormats.Q3_K),
        new("Q2_K", 10, NumberFormats.Q2_K, p => p.IsHead ? NumberFormats.Q6_K : p.Role switch
        {
            Role.Value => p.HeadsPerKey >= 4 ? NumberFormats.Q4_K : NumberFormats.Q3_K,
            Role.Down or Role.Output => NumberFormats.Q3_K,
            _ => null,
        }),
        new("TQ2_0", 37, NumberFormats.TQ2_0), new("TQ1_0", 36, NumberFormats.TQ1_0),
    ];

    /// <summary>The mix with this name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No mix has this name; the message lists the names that exist.</exception>
    public static QuantizationMix Parse(string name) => All.FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no quantization '{name}'. There are: {string.Join(", ", All.Select(m => m.Name))}.");

    /// <summary>
    /// The format of a tensor of a GGUF file. Vectors, positions and routers stay F32: they are small, and a router's mistakes send tokens
    /// to other experts. If the row length is not a multiple of the format's block, the tensor gets the next format with blocks of 32, or
    /// F16.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="name">llama.cpp's name of the tensor.</param>
    /// <param name="shape">Its shape.</param>
    public BlockFormat FormatOf(TransformerConfig config, string name, IReadOnlyList<long> shape)
    {
        if (shape.Count < 2 || !name.EndsWith(".weight", StringComparison.Ordinal)
            || name.Contains("position_embd", StringComparison.Ordinal) || name.Contains("ffn_gate_inp", StringComparison.Ordinal))
            return FloatFormat.F32;
        var format = _special?.Invoke(new Place(config, name)) ?? _basis;
        return Fits(format) ? format : Fallback(format) is { } other && Fits(other) ? other : FloatFormat.F16;

        bool Fits(BlockFormat f) => shape[^1] % f.BlockSize == 0;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static BlockFormat? HeadOnly(Place place) => place.IsHead ? NumberFormats.Q6_K : null;

    private static BlockFormat? Fallback(BlockFormat format) => format.Name switch
    {
        "Q6_K" => NumberFormats.Q8_0,
        "Q5_K" => NumberFormats.Q5_1,
        "Q4_K" => NumberFormats.Q5_0,
        "NVFP4" => NumberFormats.MxFp4,
        "Q3_K" or "Q2_K" or "TQ1_0" or "TQ2_0" => NumberFormats.Q4_0,
        _ => null,
    };

    private enum Role
    {
        Other,
        Head,
        Value,
        QueryKeyValue,
        Output,
        Down,
    }

    /// <summary>The role of a tensor in the model.</summary>
    private readonly struct Place(TransformerConfig config, string name)
    {
        public Role Role { get; } = name switch
        {
            _ when name.EndsWith(".attn_v.weight", StringComparison.Ordinal) => Role.Value,
            _ when name.EndsWith(".attn_qkv.weight", StringComparison.Ordinal) => Role.QueryKeyValue,
            _ when name.EndsWith(".attn_output.weight", StringComparison.Ordinal) => Role.Output,
            _ when name.EndsWith(".ffn_down.weight", StringComparison.Ordinal)
                || name.EndsWith(".ffn_down_exps.weight", StringComparison.Ordinal) => Role.Down,
            "output.weight" => Role.Head,
            "token_embd.weight" when config.TiedHead => Role.Head,
            _ => Role.Other,
        };

        public bool IsHead => Role == Role.Head;

        public int Layers => config.Layers;

        public int HeadsPerKey => config.Attention.Heads / config.Attention.KeyValueHeads;

        public int Layer { get; } = name.Split('.') is ["blk", var number, ..] && int.TryParse(number, out var layer) ? layer : 0;

        /// <summary>The first and last eighth of the layers, and every third between.</summary>
        public bool MoreBits => Layer < Layers / 8 || Layer >= 7 * Layers / 8 || (Layer - Layers / 8) % 3 == 2;
    }
}
