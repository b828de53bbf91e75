namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q5_K: as <see cref="Q4_K"/> with a fifth bit of each code in 32 bytes of their own; 176 bytes for 256 numbers, 5.5 bits each.
/// </summary>
public sealed class Q5_K() : SuperBlock("Q5_K", 176)
{
    /// <inheritdoc/>
    public override string Layout =>
        "fp16 d and dmin, 12 bytes of 6-bit s and m, 256 fifth bits, 128 bytes of two low nibbles: d·s·q − dmin·m";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0, 2];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> codes = stackalloc int[256];
        Q4_K.EncodeScales(values, 31, -0.5f, 15, block, codes);
        block[16..48].Clear();
        for (var i = 0; i < 256; i++)
            block[16 + i % 32] |= (byte)(codes[i] >> 4 << i / 32);
        PackNibbles(codes, block[48..]);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, 0), dmin = ReadHalf(block, 2);
        for (var g = 0; g < 8; g++)
        {
            var (s, m) = UnpackSixBits(block[4..16], g);
            float scale = d * s, minimum = dmin * m;
            for (var i = g * 32; i < g * 32 + 32; i++)
                values[i] = scale * (UnpackNibble(block[48..], i) | (block[16 + i % 32] >> g & 1) << 4) - minimum;
        }
    }
}
