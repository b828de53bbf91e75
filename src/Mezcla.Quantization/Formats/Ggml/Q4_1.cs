using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>GGML's Q4_1: d·q + m, scale and minimum in half precision and 32 codes
/// of 4 bits; 20 bytes for 32 numbers, 5 bits each.</summary>
public sealed class Q4_1() : BlockFormat("Q4_1", 32, 20)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d and m, 16 bytes of two codes (byte j: elements j and j+16): d·q + m";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0, 2];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var min = TensorPrimitives.Min(values);
        var d = (TensorPrimitives.Max(values) - min) / 15;
        var inverse = Inverse(d);
        WriteHalf(block, 0, d);
        WriteHalf(block, 2, min);
        for (var j = 0; j < 16; j++)
            block[4 + j] = (byte)(Code((values[j] - min) * inverse) | Code((values[j + 16] - min) * inverse) << 4);

        static int Code(float x) => Math.Min(15, (int)(x + 0.5f));
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, 0), min = ReadHalf(block, 2);
        for (var j = 0; j < 16; j++)
        {
            values[j] = (block[4 + j] & 15) * d + min;
            values[j + 16] = (block[4 + j] >> 4) * d + min;
        }
    }
}
