namespace Mezcla.Charts;

/// <summary>Which codes with the largest exponent are not numbers.</summary>
public enum SpecialCodes
{
    /// <summary>All: infinity where the mantissa is zero, elsewhere not a number. So it is in IEEE 754 and in FP8 E5M2.</summary>
    Ieee,

    /// <summary>Only the one whose mantissa is all ones, which is not a number. So it is in FP8 E4M3.</summary>
    NotANumberOnly,

    /// <summary>None: every code is a number. So it is in FP4 E2M1.</summary>
    None,
}

/// <summary>The bits of a small floating-point format: a sign, then an exponent, then a mantissa.</summary>
/// <param name="Name">The format's name.</param>
/// <param name="Exponent">Bits of the exponent, 1 to 8.</param>
/// <param name="Mantissa">Bits of the mantissa, 1 to 23.</param>
/// <param name="Specials">Which codes are not numbers.</param>
public sealed record FloatLayout(string Name, int Exponent, int Mantissa, SpecialCodes Specials = SpecialCodes.Ieee)
{
    /// <summary>IEEE 754's 32-bit format.</summary>
    public static FloatLayout Float32 { get; } = new("float32", 8, 23);

    /// <summary>The upper half of a float32.</summary>
    public static FloatLayout BFloat16 { get; } = new("bfloat16", 8, 7);

    /// <summary>IEEE 754's 16-bit format.</summary>
    public static FloatLayout Float16 { get; } = new("float16", 5, 10);

    /// <summary>FP8 with four bits of exponent (Micikevicius et al. 2022).</summary>
    public static FloatLayout E4M3 { get; } = new("FP8 E4M3", 4, 3, SpecialCodes.NotANumberOnly);

    /// <summary>FP8 with five bits of exponent (Micikevicius et al. 2022).</summary>
    public static FloatLayout E5M2 { get; } = new("FP8 E5M2", 5, 2);

    /// <summary>All bits: the sign, the exponent and the mantissa.</summary>
    public int Bits => 1 + Exponent + Mantissa;

    /// <summary>What is subtracted from the stored exponent.</summary>
    public int Bias => (1 << Exponent - 1) - 1;

    /// <summary>The number that a code stands for.</summary>
    /// <param name="code">The code's <see cref="Bits"/> bits, the sign as the highest.</param>
    public double Value(long code)
    {
        var exponent = (int)(code >> Mantissa) & (1 << Exponent) - 1;
        var mantissa = code & (1L << Mantissa) - 1;
        if (Specials == SpecialCodes.Ieee && exponent == (1 << Exponent) - 1)
            return mantissa > 0 ? double.NaN : code >> Bits - 1 == 0 ? double.PositiveInfinity : double.NegativeInfinity;
        if (Specials == SpecialCodes.NotANumberOnly && (code & (1L << Bits - 1) - 1) == (1L << Bits - 1) - 1)
            return double.NaN;
        var size = exponent == 0
            ? Math.ScaleB(mantissa, 1 - Bias - Mantissa)
            : Math.ScaleB((1L << Mantissa) + mantissa, exponent - Bias - Mantissa);
        return code >> Bits - 1 == 0 ? size : -size;
    }

    /// <summary>The code of the number nearest to a value; of two that are equally near, the even one.</summary>
    /// <param name="value">A finite value, at most as large as the format's largest number.</param>
    public long Nearest(double value)
    {
        // Codes without their sign are in the order of their values.
        long low = 0, high = (1L << Bits - 1) - 1;
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (Value(middle) <= Math.Abs(value))
                low = middle;
            else
                high = middle;
        }
        var (below, above) = (Math.Abs(value) - Value(low), Value(high) - Math.Abs(value));
        if (above < below || above == below && (high & 1) == 0)
            low = high;
        return value < 0 ? low | 1L << Bits - 1 : low;
    }
}
