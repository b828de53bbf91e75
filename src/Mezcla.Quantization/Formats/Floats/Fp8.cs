namespace Mezcla.Quantization.Formats;

/// <summary>
/// The two 8-bit floats of Micikevicius et al. 2022. E4M3: bias 7, largest 448, smallest normal 2⁻⁶, smallest subnormal 2⁻⁹, no infinity,
/// NaN 0x7F. E5M2: bias 15, largest 57344, smallest normal 2⁻¹⁴, smallest subnormal 2⁻¹⁶, infinity 0x7C. An E5M2 number is the upper byte
/// of a half.
/// </summary>
public static class Fp8
{
    private static readonly float[] E4M3 = Table(3, 7);
    private static readonly float[] E5M2 = Table(2, 15);

    /// <summary>The value of an E4M3 code.</summary>
    public static float DecodeE4M3(byte code) => E4M3[code];

    /// <summary>The value of an E5M2 code.</summary>
    public static float DecodeE5M2(byte code) => E5M2[code];

    /// <summary>Rounds to the nearest E4M3 number, ties to even. Larger magnitudes saturate at ±448, as in training; NaN stays
    /// NaN.</summary>
    public static byte EncodeE4M3(float value) => Encode(value, 3, 7, 0x7E);

    /// <summary>Rounds to the nearest E5M2 number, ties to even. Larger magnitudes saturate at ±57344; NaN stays NaN.</summary>
    public static byte EncodeE5M2(float value) => Encode(value, 2, 15, 0x7B);

    private static byte Encode(float value, int mantissaBits, int bias, int largest)
    {
        var sign = float.IsNegative(value) ? 0x80 : 0;
        if (float.IsNaN(value))
            return (byte)(sign | 0x7F);
        // In units of the last place of value's binade, or of the subnormals: a whole
        // number after rounding, and the code follows by counting.
        var magnitude = Math.Abs((double)value);
        var exponent = magnitude == 0 ? 1 - bias : Math.Max(Math.ILogB(magnitude), 1 - bias);
        var units = Math.Round(Math.ScaleB(magnitude, mantissaBits - exponent), MidpointRounding.ToEven);
        var code = (exponent + bias - 1) * (1 << mantissaBits) + units;
        return (byte)(sign | (int)Math.Min(code, largest));
    }

    private static float[] Table(int mantissaBits, int bias)
    {
        var table = new float[256];
        for (var code = 0; code < 256; code++)
        {
            int exponent = (code & 0x7F) >> mantissaBits, mantissa = code & (1 << mantissaBits) - 1;
            var value = exponent == 0
                ? Math.ScaleB(mantissa, 1 - bias - mantissaBits)
                : Math.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
            if (mantissaBits == 3 && (code & 0x7F) == 0x7F)
                value = double.NaN;
            if (mantissaBits == 2 && exponent == 31)
                value = mantissa == 0 ? double.PositiveInfinity : double.NaN;
            table[code] = (float)(code < 128 ? value : -value);
        }
        return table;
    }
}
