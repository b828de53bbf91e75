namespace Mezcla.Quantization.Formats;

/// <summary>GGML's Q8_0: d·q, one half-precision scale d = max|x|/127 and 32 signed
/// bytes; 34 bytes for 32 numbers, 8.5 bits each.</summary>
public sealed class Q8_0() : BlockFormat("Q8_0", 32, 34)
{
    /// <inheritdoc/>
    public override string Layout => "fp16 d, 32 int8 q: d·q";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [0];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = MathF.Abs(SignedMax(values)) / 127;
        var inverse = Inverse(d);
        WriteHalf(block, 0, d);
        for (var i = 0; i < 32; i++)
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 0);
        for (var i = 0; i < 32; i++)
            values[i] = (sbyte)block[2 + i] * d;
    }
}
