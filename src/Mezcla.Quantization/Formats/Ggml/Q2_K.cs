namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's Q2_K: sixteen groups of 16, each d·s·q − dmin·m with s and m of 4 bits and q of 2; 84 bytes for 256 numbers, 2.625 bits each.
/// </summary>
public sealed class Q2_K() : SuperBlock("Q2_K", 84)
{
    /// <inheritdoc/>
    public override string Layout => "16 bytes of s (low) and m (high), 64 bytes of four codes, fp16 d and dmin: d·s·q − dmin·m";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [80, 82];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16], minima = stackalloc float[16];
        Span<int> codes = stackalloc int[256];
        AffineGroups(values, 16, 3, -0.5f, 15, smooth: false, scales, minima, codes);
        float top = Largest(scales), topMinimum = Largest(minima);
        var perScale = top > 0 ? 15 / top : 0;
        var perMinimum = topMinimum > 0 ? 15 / topMinimum : 0;
        for (var g = 0; g < 16; g++)
            block[g] = (byte)(ScaleSearch.Nearest(perScale * scales[g]) | ScaleSearch.Nearest(perMinimum * minima[g]) << 4);
        float d = WriteHalf(block, 80, top / 15), dmin = WriteHalf(block, 82, topMinimum / 15);
        for (var g = 0; g < 16; g++)
            Recode(values.Slice(g * 16, 16), d * (block[g] & 15), dmin * (block[g] >> 4), 3, codes.Slice(g * 16, 16));
        PackPairs(codes, block[16..80]);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        float d = ReadHalf(block, 80), dmin = ReadHalf(block, 82);
        for (var i = 0; i < 256; i++)
            values[i] = d * (block[i / 16] & 15) * UnpackPair(block[16..80], i) - dmin * (block[i / 16] >> 4);
    }
}
