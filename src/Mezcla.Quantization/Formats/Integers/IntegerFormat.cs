using System.Buffers.Binary;

namespace Mezcla.Quantization.Formats;

/// <summary>
/// Integers with a single-precision scale for each group of numbers: a group may be a whole tensor, a row (per channel) or a fixed number
/// of neighbours. The last group may be short. Base of <see cref="AbsmaxFormat"/> and <see cref="ZeroPointFormat"/>.
/// </summary>
public abstract class IntegerFormat : NumberFormat
{
    private readonly int _headerBytes;

    private protected IntegerFormat(string name, int bits, int group, int headerBytes) : base(group == 0 ? name : $"{name}_G{group}")
    {
        if (bits is not (4 or 8))
            throw new ArgumentOutOfRangeException(nameof(bits), $"Codes have 4 or 8 bits, not {bits}.");
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        Bits = bits;
        Group = group;
        _headerBytes = headerBytes;
    }

    /// <summary>Bits of a code.</summary>
    public int Bits { get; }

    /// <summary>Numbers that share a scale; 0 for all that are encoded together.</summary>
    public int Group { get; }

    /// <inheritdoc/>
    public override long BytesFor(long count)
    {
        if (count == 0)
            return 0;
        var group = Group == 0 ? count : Group;
        return count / group * GroupBytes(group) + (count % group is var rest and > 0 ? GroupBytes(rest) : 0);
    }

    /// <summary>Encodes one group: its header, and its codes as unsigned numbers.</summary>
    private protected abstract void EncodeGroup(ReadOnlySpan<float> values, Span<byte> header, Span<byte> codes);

    /// <summary>Decodes one group.</summary>
    private protected abstract void DecodeGroup(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes, Span<float> values);

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor)
    {
        var group = Group == 0 ? values.Length : Group;
        var codes = new byte[Math.Min(group, values.Length)];
        for (int i = 0, at = 0; i < values.Length; i += group)
        {
            var x = values[i..Math.Min(i + group, values.Length)];
            var block = bytes.Slice(at, (int)GroupBytes(x.Length));
            EncodeGroup(x, block[.._headerBytes], codes);
            var packed = block[_headerBytes..];
            if (Bits == 8)
                codes.AsSpan(0, x.Length).CopyTo(packed);
            else
            {
                packed.Clear();
                for (var j = 0; j < x.Length; j++)
                    packed[j / 2] |= (byte)((codes[j] & 15) << j % 2 * 4);
            }
            at += block.Length;
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        var group = Group == 0 ? values.Length : Group;
        var codes = new byte[Math.Min(group, values.Length)];
        for (int i = 0, at = 0; i < values.Length; i += group)
        {
            var x = values[i..Math.Min(i + group, values.Length)];
            var block = bytes.Slice(at, (int)GroupBytes(x.Length));
            for (var j = 0; j < x.Length; j++)
                codes[j] = Bits == 8 ? block[_headerBytes + j] : (byte)(block[_headerBytes + j / 2] >> j % 2 * 4 & 15);
            DecodeGroup(block[.._headerBytes], codes, x);
            for (var j = 0; j < x.Length; j++)
                x[j] = Math.Clamp(x[j], float.MinValue, float.MaxValue); // the largest floats may round past the end
            at += block.Length;
        }
    }

    private protected static float Read(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadSingleLittleEndian(header[at..]);

    private protected static void Write(Span<byte> header, int at, float value) =>
        BinaryPrimitives.WriteSingleLittleEndian(header[at..], value);

    private long GroupBytes(long count) => _headerBytes + (Bits == 8 ? count : (count + 1) / 2);
}
