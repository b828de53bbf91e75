namespace Mezcla.Quantization.Formats;

/// <summary>
/// MXFP4 of the Open Compute Project, in GGML's and gpt-oss' layout: a block holds 32 numbers in E2M1 and one scale that is a power of two
/// (E8M0), 17 bytes or 4.25 bits per number. The scale's exponent is floor(log₂ max|x|) − 2, so the largest numbers may be clipped to 6
/// times the scale.
/// </summary>
public sealed class MxFp4() : BlockFormat("MXFP4", 32, 17)
{
    /// <inheritdoc/>
    public override string Layout => "1 byte e, 16 bytes of two E2M1 codes (byte j: elements j and j+16): 2ᵉ⁻¹²⁷·value";

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        var max = MathF.Abs(SignedMax(values));
        var exponent = max > 0 ? Math.Max(0, MathF.ILogB(max) - 2 + 127) : 0;
        block[0] = (byte)exponent;
        var scale = Scale(block[0]);
        for (var j = 0; j < 16; j++)
            block[1 + j] = (byte)(Fp4.Nearest(values[j], scale) | Fp4.Nearest(values[j + 16], scale) << 4);
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Scale(block[0]);
        for (var j = 0; j < 16; j++)
        {
            values[j] = Fp4.Decode(block[1 + j] & 15) * scale;
            values[j + 16] = Fp4.Decode(block[1 + j] >> 4) * scale;
        }
    }

    /// <summary>2^(e − 127), down to the subnormal 2^−127.</summary>
    internal static float Scale(byte e) => e == 0 ? BitConverter.Int32BitsToSingle(1 << 22) : BitConverter.Int32BitsToSingle(e << 23);
}
