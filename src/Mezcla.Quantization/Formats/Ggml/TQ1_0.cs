namespace Mezcla.Quantization.Formats;

/// <summary>
/// GGML's TQ1_0: ternary d·(t − 1), five digits to a byte because 3⁵ = 243 fits in 256; 54 bytes for 256 numbers, 1.6875 bits each. The
/// five digits form a number below 243, and the byte stores this number divided by 243 in units of 1/256. Multiplying the byte by 3 then
/// gives the next digit as the overflow above 8 bits.
/// </summary>
public sealed class TQ1_0() : BlockFormat("TQ1_0", 256, 54)
{
    /// <inheritdoc/>
    public override string Layout => "32 bytes of five digits for 160 elements, 16 of five for 80, 4 of four for 16, fp16 d: d·(t − 1)";

    /// <inheritdoc/>
    public override IReadOnlyList<int> HalfOffsets { get; } = [52];

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = MathF.Abs(SignedMax(values));
        var inverse = Inverse(d);
        WriteHalf(block, 52, d);
        for (var at = 0; at < 52; at++)
        {
            var (first, stride, digits) = Digits(at);
            var number = 0;
            for (var n = 0; n < 5; n++)
                number = number * 3
                    + (n < digits ? 1 + (int)MathF.Round(values[first + n * stride] * inverse, MidpointRounding.AwayFromZero) : 0);
            block[at] = (byte)((number * 256 + 242) / 243);
        }
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = ReadHalf(block, 52);
        Span<int> digits = stackalloc int[256];
        Digits(block, digits);
        for (var i = 0; i < 256; i++)
            values[i] = (digits[i] - 1) * d;
    }

    /// <summary>The 256 digits of a block, 0 to 2.</summary>
    internal static void Digits(ReadOnlySpan<byte> block, Span<int> digits)
    {
        for (var at = 0; at < 52; at++)
        {
            var (first, stride, count) = Digits(at);
            var rest = block[at];
            for (var n = 0; n < count; n++, rest *= 3)
                digits[first + n * stride] = rest * 3 / 256;
        }
    }

    private static (int First, int Stride, int Digits) Digits(int at) => at < 32 ? (at, 32, 5) : at < 48
        ? (160 + at - 32, 16, 5)
        : (240 + at - 48, 4, 4);
}
