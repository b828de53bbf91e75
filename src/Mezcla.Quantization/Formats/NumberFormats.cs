namespace Mezcla.Quantization.Formats;

/// <summary>The formats by name.</summary>
public static class NumberFormats
{
    /// <summary>GGML's Q8_0.</summary>
    public static Q8_0 Q8_0 { get; } = new();

    /// <summary>GGML's Q4_0.</summary>
    public static Q4_0 Q4_0 { get; } = new();

    /// <summary>GGML's Q4_1.</summary>
    public static Q4_1 Q4_1 { get; } = new();

    /// <summary>GGML's Q5_0.</summary>
    public static Q5_0 Q5_0 { get; } = new();

    /// <summary>GGML's Q5_1.</summary>
    public static Q5_1 Q5_1 { get; } = new();

    /// <summary>GGML's Q2_K.</summary>
    public static Q2_K Q2_K { get; } = new();

    /// <summary>GGML's Q3_K.</summary>
    public static Q3_K Q3_K { get; } = new();

    /// <summary>GGML's Q4_K.</summary>
    public static Q4_K Q4_K { get; } = new();

    /// <summary>GGML's Q5_K.</summary>
    public static Q5_K Q5_K { get; } = new();

    /// <summary>GGML's Q6_K.</summary>
    public static Q6_K Q6_K { get; } = new();

    /// <summary>GGML's TQ1_0.</summary>
    public static TQ1_0 TQ1_0 { get; } = new();

    /// <summary>GGML's TQ2_0.</summary>
    public static TQ2_0 TQ2_0 { get; } = new();

    /// <summary>MXFP4.</summary>
    public static MxFp4 MxFp4 { get; } = new();

    /// <summary>NVFP4.</summary>
    public static NvFp4 NvFp4 { get; } = new();

    /// <summary>Every format, the one with most bits first. Formats with groups appear with the usual group sizes.</summary>
    public static IReadOnlyList<NumberFormat> All { get; } =
    [
        FloatFormat.F32, FloatFormat.F16, FloatFormat.BF16, FloatFormat.E4M3, FloatFormat.E5M2,
        new AbsmaxFormat(8), new ZeroPointFormat(8), new AbsmaxFormat(8, 128), new ZeroPointFormat(8, 128),
        new AbsmaxFormat(4), new ZeroPointFormat(4), new AbsmaxFormat(4, 128), new ZeroPointFormat(4, 128), new AbsmaxFormat(4, 32),
        new ZeroPointFormat(4, 32),
        Q8_0, Q6_K, Q5_1, Q5_K, Q5_0, Q4_1, Q4_K, Q4_0, NvFp4, MxFp4, Nf4.Plain, Nf4.Double, Q3_K, Q2_K, TQ2_0, TQ1_0, new Ternary(),
    ];

    /// <summary>Finds a format by its name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No format has this name; the message lists the names that exist.</exception>
    public static NumberFormat Parse(string name) => All.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no number format '{name}'. There are: {string.Join(", ", All.Select(f => f.Name))}.");
}
