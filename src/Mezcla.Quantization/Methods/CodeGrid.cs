using System.Buffers.Binary;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// A format seen as a grid: once the scales of a unit of neighbouring numbers are chosen, each number's value is scale·q + offset with a
/// whole q that can be chosen freely. Methods that decide about one column at a time need no more than this.
/// </summary>
internal abstract class CodeGrid
{
    /// <summary>Numbers whose scales are chosen together; a divisor of a row's length.</summary>
    public abstract int Unit { get; }

    /// <summary>Smallest and largest code.</summary>
    public abstract (int Low, int High) Range { get; }

    /// <summary>Chooses the scales for some numbers: the format's own rounding of them.</summary>
    public abstract void Choose(ReadOnlySpan<float> values, Span<byte> bytes, string name);

    /// <summary>Scale and offset of each number of a unit.</summary>
    public abstract void Steps(ReadOnlySpan<byte> bytes, Span<float> scales, Span<float> offsets);

    /// <summary>Replaces the codes of a unit.</summary>
    public abstract void SetCodes(Span<byte> bytes, ReadOnlySpan<int> codes);

    /// <summary>The formats that can be seen as a grid.</summary>
    public static string Names => "Q8_0, Q4_0, Q4_1, Q4_K, Q6_K and the INT and UINT formats";

    /// <summary>The grid of a format for rows of this length.</summary>
    /// <exception cref="ArgumentException">The format cannot be seen as a grid, or does not fit the row.</exception>
    public static CodeGrid For(NumberFormat format, int columns, string name)
    {
        CodeGrid grid = format switch
        {
            Q8_0 or Q4_0 or Q4_1 or Q4_K or Q6_K => new GgmlGrid((BlockFormat)format),
            IntegerFormat integer => new IntegerGrid(integer, columns),
            _ => throw new ArgumentException($"{name}: codes of {format} cannot be chosen one by one; they can in {Names}."),
        };
        return columns % grid.Unit == 0
            ? grid
            : throw new ArgumentException(
                $"{name}: a row has {columns} numbers, which is not a multiple of {grid.Unit}, the block size of {format}.");
    }

    private sealed class GgmlGrid(BlockFormat format) : CodeGrid
    {
        public override int Unit => format.BlockSize;

        public override (int Low, int High) Range => format switch { Q8_0 => (-127, 127), Q6_K => (0, 63), _ => (0, 15) };

        public override void Choose(ReadOnlySpan<float> values, Span<byte> bytes, string name) => format.Encode(values, bytes, name);

        // Every value is an affine function of its code, so decoding two settings of the codes gives scale and offset.
        public override void Steps(ReadOnlySpan<byte> bytes, Span<float> scales, Span<float> offsets)
        {
            Span<int> codes = stackalloc int[Unit];
            var copy = bytes.ToArray();
            codes.Clear();
            SetCodes(copy, codes);
            format.DecodeBlock(copy, offsets);
            codes.Fill(1);
            SetCodes(copy, codes);
            format.DecodeBlock(copy, scales);
            for (var i = 0; i < Unit; i++)
                scales[i] -= offsets[i];
        }

        public override void SetCodes(Span<byte> bytes, ReadOnlySpan<int> codes)
        {
            switch (format)
            {
                case Q8_0:
                    for (var i = 0; i < 32; i++)
                        bytes[2 + i] = (byte)(sbyte)codes[i];
                    break;
                case Q4_K:
                    SuperBlock.PackNibbles(codes, bytes[16..]);
                    break;
                case Q6_K:
                    Q6_K.SetCodes(bytes, codes);
                    break;
                default:
                    for (var j = 0; j < 16; j++)
                        bytes[format.BlockBytes - 16 + j] = (byte)(codes[j] | codes[j + 16] << 4);
                    break;
            }
        }
    }

    private sealed class IntegerGrid(IntegerFormat format, int columns) : CodeGrid
    {
        private readonly int _header = format is ZeroPointFormat ? 5 : 4;

        public override int Unit => format.Group == 0 ? columns : format.Group;

        public override (int Low, int High) Range => format is ZeroPointFormat
            ? (0, (1 << format.Bits) - 1)
            : (1 - (1 << format.Bits - 1), (1 << format.Bits - 1) - 1);

        public override void Choose(ReadOnlySpan<float> values, Span<byte> bytes, string name) => format.Encode(values, bytes, name);

        public override void Steps(ReadOnlySpan<byte> bytes, Span<float> scales, Span<float> offsets)
        {
            var scale = BinaryPrimitives.ReadSingleLittleEndian(bytes);
            scales.Fill(scale);
            offsets.Fill(_header == 5 ? -scale * bytes[4] : 0);
        }

        public override void SetCodes(Span<byte> bytes, ReadOnlySpan<int> codes)
        {
            var packed = bytes[_header..];
            if (format.Bits == 4)
                packed.Clear();
            for (var i = 0; i < codes.Length; i++)
            {
                if (format.Bits == 8)
                    packed[i] = (byte)codes[i];
                else
                    packed[i / 2] |= (byte)((codes[i] & 15) << i % 2 * 4);
            }
        }
    }
}
