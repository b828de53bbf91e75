namespace Mezcla.Quantization.Formats;

/// <summary>E2M1, the 4-bit float of MXFP4 and NVFP4: sign, 2 bits of exponent (bias
/// 1), 1 of mantissa; ±{0, 0.5, 1, 1.5, 2, 3, 4, 6}.</summary>
public static class Fp4
{
    private static readonly float[] Values = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    /// <summary>The value of a code, 0 to 15; minus zero, code 8, is plain 0.</summary>
    public static float Decode(int code) => Values[code];

    /// <summary>The code whose value times <paramref name="scale"/> is nearest; of equally near codes, the smallest.</summary>
    public static int Nearest(float value, float scale)
    {
        var best = 0;
        var error = MathF.Abs(value);
        for (var code = 1; code < 16; code++)
        {
            var e = MathF.Abs(Values[code] * scale - value);
            if (e < error)
                (best, error) = (code, e);
        }
        return best;
    }
}
