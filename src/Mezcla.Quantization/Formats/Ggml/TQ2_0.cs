namespace Mezcla.Quantization.Formats;

/// <summary>GGML's TQ2_0: ternary d·(t − 1), four codes of 2 bits to a byte; 66 bytes for 256 numbers, 2.0625 bits each.</summary>
public sealed class TQ2_0() : BlockFormat("TQ2_0", 256, 66)
{
    /// <inheritdoc/>
    public override string Layout => "64 bytes of four codes (byte l of each half: elements l, l+32, l+64, l+96), fp16 d: d·(t − 1)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [64];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = MathF.Abs(SignedMax(values));
        var inverse = Inverse(d);
        block.Clear();
        WriteHalf(block, 64, d);
        for (var i = 0; i < 256; i++)
            block[i / 128 * 32 + i % 32] |= (byte)(1 + (int)MathF.Round(values[i] * inverse,
                MidpointRounding.AwayFromZero) << i % 128 / 32 * 2);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 64);
        for (var i = 0; i < 256; i++)
            values[i] = (SuperBlock.UnpackPair(block, i) - 1) * d;
    }
}
