namespace Mezcla.Scaling.Calculators;

/// <summary>The figures that a vendor publishes for a chip; real programs reach less. Peaks are for dense matrices: figures "with sparsity"
/// are twice as large.</summary>
/// <param name="Name">Its usual name.</param>
/// <param name="Bf16Flops">Peak FLOP/s in BF16 or FP16.</param>
/// <param name="EightBitFlops">Peak operations/s in FP8 or INT8; null if the chip supports neither.</param>
/// <param name="MemoryBytes">Memory, in bytes (decimal giga).</param>
/// <param name="Bandwidth">Memory bandwidth, bytes/s.</param>
public sealed record Chip(string Name, double Bf16Flops, double? EightBitFlops, double MemoryBytes, double Bandwidth)
{
    /// <summary>All known chips. The figures of V100, TPUv4 and B200 are from memory and have not been checked.</summary>
    public static IReadOnlyList<Chip> All { get; } =
    [
        new("V100", 125e12, null, 32e9, 0.9e12),
        new("A100-40GB", 312e12, 624e12, 40e9, 1.555e12),
        new("A100", 312e12, 624e12, 80e9, 2.039e12),
        new("H100", 989.4e12, 1978.9e12, 80e9, 3.35e12),
        new("H200", 989.4e12, 1978.9e12, 141e9, 4.8e12),
        new("TPUv4", 275e12, 275e12, 32e9, 1.2e12),
        new("B200", 2250e12, 4500e12, 192e9, 8e12),
    ];

    /// <summary>The chip with this name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No chip has this name; the message lists the names that exist.</exception>
    public static Chip Get(string name) => All.FirstOrDefault(chip => chip.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no chip '{name}'. There are: {string.Join(", ", All.Select(chip => chip.Name))}.",
            nameof(name));

    /// <summary>The ridge point of the roofline in BF16: below this number of FLOPs per byte, memory bandwidth limits the speed, not
    /// arithmetic.</summary>
    public double Ridge => Bf16Flops / Bandwidth;

    /// <summary>FLOP/s in BF16 that the roofline allows at <paramref name="intensity"/> FLOPs per byte.</summary>
    public double Attainable(double intensity) => Math.Min(Bf16Flops, intensity * Bandwidth);
}
