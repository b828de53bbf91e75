namespace Mezcla.Quantization.Formats;

/// <summary>
/// NVIDIA's NVFP4 in GGML's layout: 16 numbers in E2M1 share one unsigned E4M3 scale. A block holds 64 numbers in 36 bytes, which is 4.5
/// bits per number. Scales range only from 2⁻⁹ to 448, so a tensor of other magnitudes needs one more float scale, which the caller must
/// keep.
/// </summary>
public sealed class NvFp4() : BlockFormat("NVFP4", 64, 36)
{
    /// <inheritdoc/>
    public override string Layout => "4 E4M3 scales, 4 × 8 bytes of two E2M1 codes (byte j: elements j and j+8 of its 16): scale·value";

    /// <inheritdoc/>
    public override void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        for (var part = 0; part < 4; part++)
        {
            var x = values.Slice(part * 16, 16);
            block[part] = EncodeScale(MathF.Abs(SignedMax(x)) / 6);
            var scale = Scale(block[part]);
            for (var j = 0; j < 8; j++)
                block[4 + part * 8 + j] = (byte)(Fp4.Nearest(x[j], scale) | Fp4.Nearest(x[j + 8], scale) << 4);
        }
    }

    /// <inheritdoc/>
    public override void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var part = 0; part < 4; part++)
        {
            var scale = Scale(block[part]);
            for (var j = 0; j < 8; j++)
            {
                values[part * 16 + j] = Fp4.Decode(block[4 + part * 8 + j] & 15) * scale;
                values[part * 16 + j + 8] = Fp4.Decode(block[4 + part * 8 + j] >> 4) * scale;
            }
        }
    }

    /// <summary>The scale of a byte; GGML reads the NaN of E4M3 as 0, and there is no sign.</summary>
    internal static float Scale(byte code) => (code & 0x7F) == 0x7F ? 0 : Fp8.DecodeE4M3((byte)(code & 0x7F));

    /// <summary>
    /// Rounds to the nearest scale, with ties rounded up, and to 448 above 240. GGML rounds in this way, and the bytes must equal its
    /// bytes. (E4M3 itself rounds ties to even and has six more scales between 240 and 448.)
    /// </summary>
    private static byte EncodeScale(float scale)
    {
        var code = Fp8.EncodeE4M3(scale);
        if (code < 0x7E && scale - Scale(code) == Scale((byte)(code + 1)) - scale)
            code++;
        return code > 0x77 ? (byte)0x7E : code;
    }
}
