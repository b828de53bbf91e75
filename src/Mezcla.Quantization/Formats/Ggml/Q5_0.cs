using System.Buffers.Binary;

namespace Mezcla.Quantization.Formats;

/// <summary>GGML's Q5_0: d·(q − 16), as Q4_0 with a fifth bit of each code in 4 bytes of
/// their own; 22 bytes for 32 numbers, 5.5 bits each.</summary>
public sealed class Q5_0() : BlockFormat("Q5_0", 32, 22)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d, 32 fifth bits, 16 bytes of two low nibbles (byte j: elements j and j+16): d·(q − 16)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = SignedMax(values) / -16;
        var inverse = Inverse(d);
        WriteHalf(block, 0, d);
        var high = 0u;
        for (var j = 0; j < 16; j++)
        {
            int low = Math.Min(31, (int)(values[j] * inverse + 16.5f)), up = Math.Min(31, (int)(values[j + 16] * inverse + 16.5f));
            block[6 + j] = (byte)(low & 15 | (up & 15) << 4);
            high |= (uint)(low >> 4) << j | (uint)(up >> 4) << j + 16;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[2..], high);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 0);
        var high = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        for (var j = 0; j < 16; j++)
        {
            values[j] = ((block[6 + j] & 15 | (int)(high >> j & 1) << 4) - 16) * d;
            values[j + 16] = ((block[6 + j] >> 4 | (int)(high >> j + 16 & 1) << 4) - 16) * d;
        }
    }
}
