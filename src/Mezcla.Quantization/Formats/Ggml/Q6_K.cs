namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q6_K: sixteen groups of 16, each d·s·(q − 32) with s a signed byte and q of 6 bits; 210 bytes for 256 numbers, 6.5625 bits each.
/// </summary>
public sealed class Q6_K() : SuperBlock("Q6_K", 210)
{
    /// <inheritdoc/>
    public override string Layout => "128 bytes of two low nibbles, 64 bytes of four upper pairs, 16 int8 s, fp16 d: d·s·(q − 32)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [208];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16];
        Span<int> codes = stackalloc int[256];
        for (var g = 0; g < 16; g++)
            scales[g] = ScaleSearch.Symmetric(values.Slice(g * 16, 16), 32, codes.Slice(g * 16, 16));
        var top = SignedMax(scales);
        block.Clear();
        if (MathF.Abs(top) < ScaleSearch.Tiny)
            return;

        var perScale = -128 / top;
        var d = WriteHalf(block, 208, 1 / perScale);
        for (var g = 0; g < 16; g++)
        {
            var s = Math.Min(127, ScaleSearch.Nearest(perScale * scales[g]));
            block[192 + g] = (byte)(sbyte)s;
            RecodeSymmetric(values.Slice(g * 16, 16), d * s, 32, codes.Slice(g * 16, 16));
        }
        SetCodes(block, codes);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 208);
        for (var i = 0; i < 256; i++)
            values[i] = d * (sbyte)block[192 + i / 16] * (Code(block, i) - 32);
    }

    /// <summary>Writes all codes of a block.</summary>
    internal static void SetCodes(Span<byte> block, ReadOnlySpan<int> codes)
    {
        block[..192].Clear();
        for (var i = 0; i < 256; i++)
        {
            var (low, lowShift, high, highShift) = Places(i);
            block[low] |= (byte)((codes[i] & 15) << lowShift);
            block[high] |= (byte)(codes[i] >> 4 << highShift);
        }
    }

    /// <summary>The code of one element, 0 to 63.</summary>
    internal static int Code(ReadOnlySpan<byte> block, int element)
    {
        var (low, lowShift, high, highShift) = Places(element);
        return block[low] >> lowShift & 15 | (block[high] >> highShift & 3) << 4;
    }

    /// <summary>Each half of a block has 128 elements. Their low 4 bits take 64 bytes, where elements l and l+64 share a byte; their upper
    /// 2 bits take 32 bytes, where elements l, l+32, l+64 and l+96 share a byte.</summary>
    private static (int Low, int LowShift, int High, int HighShift) Places(int element)
    {
        int half = element / 128, l = element % 128;
        return (half * 64 + l % 64, l / 64 * 4, 128 + half * 32 + l % 32, l / 32 * 2);
    }
}
