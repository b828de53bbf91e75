using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Mezcla.Weights.Safetensors;

/// <summary>The element types of a safetensors file, by their names in its header, such as <c>F32</c> and <c>BF16</c>.</summary>
public static class SafetensorsDType
{
    private static readonly Dictionary<string, int> Bits = new()
    {
        ["F4"] = 4,
        ["F6_E2M3"] = 6,
        ["F6_E3M2"] = 6,
        ["BOOL"] = 8,
        ["U8"] = 8,
        ["I8"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E4M3"] = 8,
        ["F8_E8M0"] = 8,
        ["I16"] = 16,
        ["U16"] = 16,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["I32"] = 32,
        ["U32"] = 32,
        ["F32"] = 32,
        ["I64"] = 64,
        ["U64"] = 64,
        ["F64"] = 64,
        ["C64"] = 64,
    };

    /// <summary>The names known.</summary>
    public static IReadOnlyCollection<string> Names => Bits.Keys;

    /// <summary>Bits of one element, or null for an unknown name.</summary>
    public static int? BitsOf(string dtype) => Bits.TryGetValue(dtype, out var bits) ? bits : null;

    /// <summary>
    /// Bytes of a tensor, or null if the type is unknown, a size is negative, the count overflows 63 bits or the last element would end
    /// inside a byte.
    /// </summary>
    public static long? BytesOf(string dtype, ReadOnlySpan<long> shape)
    {
        if (BitsOf(dtype) is not { } bits)
            return null;
        foreach (var size in shape)
            if (size < 0)
                return null;
        if (shape.Contains(0))
            return 0;
        Int128 total = bits;
        foreach (var size in shape)
            if ((total *= size) > (Int128)long.MaxValue * 8)
                return null;
        return total % 8 == 0 && total / 8 <= long.MaxValue ? (long)(total / 8) : null;
    }

    /// <summary>Widens elements of type F64, F32, F16 or BF16 to floats (F64 is rounded).</summary>
    /// <param name="dtype">Type of the source.</param>
    /// <param name="bytes">Little-endian elements.</param>
    /// <param name="destination">As many floats.</param>
    /// <returns>False for any other type.</returns>
    public static bool TryToFloats(string dtype, ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        switch (dtype)
        {
            case "F32":
                bytes.CopyTo(MemoryMarshal.AsBytes(destination));
                return true;
            case "F64":
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), destination);
                return true;
            case "F16":
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), destination);
                return true;
            case "BF16":
                var source = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < source.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
                return true;
            default:
                return false;
        }
    }
}
