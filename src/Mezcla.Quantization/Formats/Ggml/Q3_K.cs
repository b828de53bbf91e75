namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q3_K: sixteen groups of 16, each d·(s − 32)·(q − 4) with s of 6 bits and q of 3; 110 bytes for 256 numbers, 3.4375 bits each.
/// </summary>
public sealed class Q3_K() : SuperBlock("Q3_K", 110)
{
    /// <inheritdoc/>
    public override string Layout => "256 third bits, 64 bytes of four low pairs, 12 bytes of 6-bit s, fp16 d: d·(s − 32)·(q − 4)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [108];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16];
        Span<int> codes = stackalloc int[256];
        for (var g = 0; g < 16; g++)
            scales[g] = ScaleSearch.SymmetricByDescent(values.Slice(g * 16, 16), 4, codes.Slice(g * 16, 16));
        var top = SignedMax(scales);
        block.Clear();
        var packed = block[96..108];
        if (top != 0)
        {
            var perScale = -32 / top;
            for (var g = 0; g < 16; g++)
            {
                var s = ScaleSearch.Nearest(perScale * scales[g], -32, 31) + 32;
                packed[g % 8] |= (byte)((s & 15) << g / 8 * 4);
                packed[8 + g % 4] |= (byte)(s >> 4 << g / 4 * 2);
            }
            WriteHalf(block, 108, 1 / perScale);
        }
        var d = ReadHalf(block, 108);
        for (var g = 0; g < 16; g++)
            RecodeSymmetric(values.Slice(g * 16, 16), d * UnpackScale(packed, g), 4, codes.Slice(g * 16, 16));
        for (var i = 0; i < 256; i++)
            block[i % 32] |= (byte)(codes[i] >> 2 << i / 32);
        PackPairs(codes, block[32..96]);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 108);
        for (var i = 0; i < 256; i++)
        {
            var code = UnpackPair(block[32..96], i) | (block[i % 32] >> i / 32 & 1) << 2;
            values[i] = d * UnpackScale(block[96..108], i / 16) * (code - 4);
        }
    }

    /// <summary>Signed scale of a group: low nibbles of groups 0 to 7 and 8 to 15 in the
    /// first eight bytes, upper pairs in the last four.</summary>
    internal static int UnpackScale(ReadOnlySpan<byte> packed, int group) =>
        (packed[group % 8] >> group / 8 * 4 & 15 | (packed[8 + group % 4] >> group / 4 * 2 & 3) << 4) - 32;
}
