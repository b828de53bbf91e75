namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q4_0: d·(q − 8), one half-precision scale and 32 codes of 4 bits; 18 bytes for 32 numbers, 4.5 bits each. The element of largest
/// magnitude gets code 0, which stands for −8. The sign of d is chosen so that this is correct; the negative side is used because it
/// reaches one step further.
/// </summary>
public sealed class Q4_0() : BlockFormat("Q4_0", 32, 18)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d, 16 bytes of two codes (byte j: elements j and j+16): d·(q − 8)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = SignedMax(values) / -8;
        var inverse = Inverse(d);
        WriteHalf(block, 0, d);
        for (var j = 0; j < 16; j++)
            block[2 + j] = (byte)(Code(values[j] * inverse) | Code(values[j + 16] * inverse) << 4);

        static int Code(float x) => Math.Min(15, (int)(x + 8.5f));
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 0);
        for (var j = 0; j < 16; j++)
        {
            values[j] = ((block[2 + j] & 15) - 8) * d;
            values[j + 16] = ((block[2 + j] >> 4) - 8) * d;
        }
    }
}
