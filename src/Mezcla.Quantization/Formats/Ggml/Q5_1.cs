using System.Buffers.Binary;
using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>GGML's Q5_1: d·q + m, as Q4_1 with a fifth bit of each code in 4 bytes of
/// their own; 24 bytes for 32 numbers, 6 bits each.</summary>
public sealed class Q5_1() : BlockFormat("Q5_1", 32, 24)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d and m, 32 fifth bits, 16 bytes of two low nibbles (byte j: elements j and j+16): d·q + m";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0, 2];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var min = TensorPrimitives.Min(values);
        var d = (TensorPrimitives.Max(values) - min) / 31;
        var inverse = Inverse(d);
        WriteHalf(block, 0, d);
        WriteHalf(block, 2, min);
        var high = 0u;
        for (var j = 0; j < 16; j++)
        {
            int low = (int)((values[j] - min) * inverse + 0.5f), up = (int)((values[j + 16] - min) * inverse + 0.5f);
            block[8 + j] = (byte)(low & 15 | (up & 15) << 4);
            high |= (uint)(low >> 4) << j | (uint)(up >> 4) << j + 16;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], high);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, 0), min = ReadHalf(block, 2);
        var high = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        for (var j = 0; j < 16; j++)
        {
            values[j] = (block[8 + j] & 15 | (int)(high >> j & 1) << 4) * d + min;
            values[j + 16] = (block[8 + j] >> 4 | (int)(high >> j + 16 & 1) << 4) * d + min;
        }
    }
}
