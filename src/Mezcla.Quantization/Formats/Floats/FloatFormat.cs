using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Mezcla.Quantization.Formats;

/// <summary>A format that stores each number separately as a float: F32, F16, BF16, FP8 E4M3
/// and E5M2. The bytes are little-endian; numbers are rounded to the nearest value, ties to even.</summary>
public sealed class FloatFormat : BlockFormat
{
    private readonly string _layout;

    private FloatFormat(string name, int bytes, string layout) : base(name, 1, bytes) => _layout = layout;

    /// <summary>IEEE 754 single precision: 8 bits of exponent, 23 of mantissa.</summary>
    public static FloatFormat F32 { get; } = new("F32", 4, "sign, 8 bits of exponent, 23 of mantissa");

    /// <summary>IEEE 754 half precision: 5 bits of exponent, 10 of mantissa; the largest number is 65504.</summary>
    public static FloatFormat F16 { get; } = new("F16", 2, "sign, 5 bits of exponent, 10 of mantissa");

    /// <summary>bfloat16: the upper 16 bits of a single-precision float.</summary>
    public static FloatFormat BF16 { get; } = new("BF16", 2, "sign, 8 bits of exponent, 7 of mantissa");

    /// <summary>FP8 E4M3, saturating at ±448.</summary>
    public static FloatFormat E4M3 { get; } = new("FP8_E4M3", 1, "sign, 4 bits of exponent, 3 of mantissa");

    /// <summary>FP8 E5M2, saturating at ±57344.</summary>
    public static FloatFormat E5M2 { get; } = new("FP8_E5M2", 1, "sign, 5 bits of exponent, 2 of mantissa");

    /// <inheritdoc/>
    public override string Layout => _layout;

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block) => EncodeCore(values[..1], block, "value");

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values) => DecodeCore(block[..BlockBytes], values[..1]);

    /// <inheritdoc/>
    public override float Dot(ReadOnlySpan<byte> bytes, ReadOnlySpan<float> x) => TensorPrimitives.Dot(Decode(bytes, x.Length), x);

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor)
    {
        if (this == F32)
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
        else if (this == F16)
        {
            var halves = MemoryMarshal.Cast<byte, Half>(bytes);
            TensorPrimitives.ConvertToHalf(values, halves);
            for (var i = 0; i < halves.Length; i++)
                if (Half.IsInfinity(halves[i]))
                    throw new ArgumentException(
                        FormattableString.Invariant($"{tensor}: {values[i]} at {i} is beyond 65504, the largest F16; BF16 can hold it."));
        }
        else if (this == BF16)
        {
            var words = MemoryMarshal.Cast<byte, ushort>(bytes);
            for (var i = 0; i < words.Length; i++)
            {
                var bits = BitConverter.SingleToUInt32Bits(values[i]);
                words[i] = (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
                if ((words[i] & 0x7FFF) == 0x7F80)
                    words[i]--; // a finite number stays finite
            }
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
                bytes[i] = this == E4M3 ? Fp8.EncodeE4M3(values[i]) : Fp8.EncodeE5M2(values[i]);
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        if (this == F32)
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
        else if (this == F16)
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
        else if (this == BF16)
        {
            var words = MemoryMarshal.Cast<byte, ushort>(bytes);
            for (var i = 0; i < words.Length; i++)
                values[i] = BitConverter.UInt32BitsToSingle((uint)words[i] << 16);
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = this == E4M3 ? Fp8.DecodeE4M3(bytes[i]) : Fp8.DecodeE5M2(bytes[i]);
        }
    }
}
