using Mezcla.Quantization.Formats;

namespace Mezcla.Weights.Gguf;

/// <summary>An element type of GGUF files. Types whose <see cref="Format"/> is null can be listed and copied, but this library cannot
/// decode them.</summary>
/// <param name="Id">Its number in the file.</param>
/// <param name="Name">Its name, such as <c>Q4_K</c>.</param>
/// <param name="BlockSize">Elements per block.</param>
/// <param name="BlockBytes">Bytes per block.</param>
/// <param name="Format">How it is read and written.</param>
public sealed record GgmlType(uint Id, string Name, int BlockSize, int BlockBytes, BlockFormat? Format = null)
{
    private static readonly Dictionary<uint, GgmlType> ById = new GgmlType[]
    {
        Of(0, FloatFormat.F32), Of(1, FloatFormat.F16), Of(2, NumberFormats.Q4_0), Of(3, NumberFormats.Q4_1), Of(6, NumberFormats.Q5_0),
        Of(7, NumberFormats.Q5_1),
        Of(8, NumberFormats.Q8_0), new(9, "Q8_1", 32, 36), Of(10, NumberFormats.Q2_K), Of(11, NumberFormats.Q3_K),
        Of(12, NumberFormats.Q4_K), Of(13, NumberFormats.Q5_K),
        Of(14, NumberFormats.Q6_K), new(15, "Q8_K", 256, 292), new(16, "IQ2_XXS", 256, 66), new(17, "IQ2_XS", 256, 74),
        new(18, "IQ3_XXS", 256, 98), new(19, "IQ1_S", 256, 50),
        new(20, "IQ4_NL", 32, 18), new(21, "IQ3_S", 256, 110), new(22, "IQ2_S", 256, 82), new(23, "IQ4_XS", 256, 136), new(24, "I8", 1, 1),
        new(25, "I16", 1, 2),
        new(26, "I32", 1, 4), new(27, "I64", 1, 8), new(28, "F64", 1, 8), new(29, "IQ1_M", 256, 56), Of(30, FloatFormat.BF16),
        Of(34, NumberFormats.TQ1_0), Of(35, NumberFormats.TQ2_0),
        Of(39, NumberFormats.MxFp4), Of(40, NumberFormats.NvFp4), new(41, "Q1_0", 128, 18), new(42, "Q2_0", 64, 18),
    }.ToDictionary(t => t.Id);

    /// <summary>All known types.</summary>
    public static IReadOnlyCollection<GgmlType> All => ById.Values;

    /// <summary>The type with this number, or null if the number is unknown.</summary>
    public static GgmlType? Find(uint id) => ById.GetValueOrDefault(id);

    /// <summary>The type that stores a format.</summary>
    /// <exception cref="ArgumentException">GGUF has no type for this format.</exception>
    public static GgmlType For(NumberFormat format) => ById.Values.FirstOrDefault(t => t.Format == format)
        ?? throw new ArgumentException(
            $"GGUF files cannot hold {format}. They can hold " +
                $"{string.Join(", ", ById.Values.Where(t => t.Format is not null).Select(t => t.Name))}.", nameof(format));

    private static GgmlType Of(uint id, BlockFormat format) => new(id, format.Name, format.BlockSize, format.BlockBytes, format);
}
