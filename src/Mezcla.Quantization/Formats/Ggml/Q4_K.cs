namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q4_K: eight groups of 32, each d·s·q − dmin·m with s and m of 6 bits and q of 4; 144 bytes for 256 numbers, 4.5 bits each.
/// </summary>
public sealed class Q4_K() : SuperBlock("Q4_K", 144)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d and dmin, 12 bytes of 6-bit s and m, 128 bytes of two codes: d·s·q − dmin·m";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0, 2];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> codes = stackalloc int[256];
        EncodeScales(values, 15, -1f, 20, block, codes);
        PackNibbles(codes, block[16..]);
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
                values[i] = scale * UnpackNibble(block[16..], i) - minimum;
        }
    }

    /// <summary>The part that Q4_K and Q5_K share: writes d, dmin and the 6-bit scales and minima into the first 16 bytes, and chooses the
    /// codes for them.</summary>
    internal static void EncodeScales(ReadOnlySpan<float> values, int top, float start, int steps, Span<byte> block, Span<int> codes)
    {
        Span<float> scales = stackalloc float[8], minima = stackalloc float[8];
        Span<int> s = stackalloc int[8], m = stackalloc int[8];
        AffineGroups(values, 32, top, start, steps, smooth: true, scales, minima, codes);
        float topScale = Largest(scales), topMinimum = Largest(minima);
        var perScale = topScale > 0 ? 63 / topScale : 0;
        var perMinimum = topMinimum > 0 ? 63 / topMinimum : 0;
        for (var g = 0; g < 8; g++)
        {
            // A least-squares scale may be negative; the reference keeps its low byte.
            s[g] = Math.Min(63, (int)(byte)ScaleSearch.Nearest(perScale * scales[g]));
            m[g] = Math.Min(63, (int)(byte)ScaleSearch.Nearest(perMinimum * minima[g]));
        }
        PackSixBits(s, m, block[4..16]);
        float d = WriteHalf(block, 0, topScale / 63), dmin = WriteHalf(block, 2, topMinimum / 63);
        for (var g = 0; g < 8; g++)
            Recode(values.Slice(g * 32, 32), d * s[g], dmin * m[g], top, codes.Slice(g * 32, 32));
    }
}
