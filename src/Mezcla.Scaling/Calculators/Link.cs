namespace Mezcla.Scaling.Calculators;

/// <summary>What connects processes: the figures that standards and vendors publish, for one direction; real programs reach less.</summary>
/// <param name="Name">Its usual name.</param>
/// <param name="BytesPerSecond">Bytes/s that one process can send, and at the same time receive.</param>
/// <param name="Latency">Seconds that a message of few bytes takes. Vendors publish few of these; they are orders of magnitude.</param>
public sealed record Link(string Name, double BytesPerSecond, double Latency)
{
    /// <summary>
    /// All known links. The bandwidths follow from the names (Ethernet's and InfiniBand's are bits per second; NVIDIA's data sheets give
    /// 600 and 900 GB/s for NVLink 3 and 4, both directions together).
    /// </summary>
    public static IReadOnlyList<Link> All { get; } =
    [
        new("1 Gb Ethernet", 1e9 / 8, 50e-6),
        new("10 Gb Ethernet", 10e9 / 8, 20e-6),
        new("100 Gb Ethernet", 100e9 / 8, 5e-6),
        new("InfiniBand HDR", 200e9 / 8, 2e-6),
        new("InfiniBand NDR", 400e9 / 8, 2e-6),
        new("NVLink 3", 300e9, 2e-6),
        new("NVLink 4", 450e9, 2e-6),
    ];

    /// <summary>The link with this name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No link has this name; the message lists the names that exist.</exception>
    public static Link Get(string name) => All.FirstOrDefault(link => link.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no link '{name}'. There are: {string.Join(", ", All.Select(link => link.Name))}.",
            nameof(name));
}
