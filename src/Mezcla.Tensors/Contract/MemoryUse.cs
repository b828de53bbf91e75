using System.Globalization;

namespace Mezcla.Tensors;

/// <summary>How much of a device's memory tensors use. Sizes are in bytes.</summary>
/// <param name="Live">Held by tensors and by the tape.</param>
/// <param name="Peak">The largest <paramref name="Live"/> since the start or the last <see cref="Device.ResetPeak"/>.</param>
/// <param name="Cached">Released, and kept for reuse.</param>
/// <param name="LiveBlocks">The number of blocks in <paramref name="Live"/>.</param>
/// <param name="Allocations">How often the device was asked for new memory since the start; a steady training step adds nothing.</param>
/// <param name="Limit">How much may be used at most.</param>
public readonly record struct MemoryUse(long Live, long Peak, long Cached, int LiveBlocks, long Allocations, long Limit)
{
    /// <summary>One readable line, such as <c>120.5 MB in use, at most 300.2 MB, 50.0 MB waiting</c>.</summary>
    public override string ToString() => $"{Text(Live)} in use, at most {Text(Peak)}, {Text(Cached)} waiting";

    /// <summary>A number of bytes in a readable unit, such as <c>1.5 MB</c>.</summary>
    public static string Text(long bytes) => bytes < 1000 ? $"{bytes} B"
        : bytes < 1_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB")
        : bytes < 1_000_000_000 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}

/// <summary>A device has no memory left for a tensor. The message gives the size asked for and the largest holders of memory.</summary>
public sealed class TensorMemoryException(string message) : OutOfMemoryException(message);
