using System.Globalization;

namespace Mezcla.Charts;

/// <summary>How the numbers of an axis are written.</summary>
public enum AxisFormat
{
    /// <summary>Short numbers with the usual suffixes (1.8T), or with powers of ten where no suffix is large enough.</summary>
    Auto,

    /// <summary>Every digit, with thousands separated.</summary>
    Plain,

    /// <summary>A fraction as a percentage: 0.25 is written 25%.</summary>
    Percent,

    /// <summary>Bytes with binary prefixes: 1,048,576 is written 1 MiB.</summary>
    Bytes,

    /// <summary>Powers of ten: 3×10²⁴.</summary>
    Power,
}

/// <summary>Formats numbers for charts and sentences, independently of the culture.</summary>
public static class NumberText
{
    private static readonly (double Size, string Suffix)[] Counts = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>
    /// Writes a number in a short form: 1.8T, 175B, 7.24M, 12k. Numbers from 0.001 to 9,999 are written in full, and very small or very
    /// large numbers as a power of ten. A billion is written B, as is usual in the field, not G as in SI.
    /// </summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">How many significant digits to keep.</param>
    public static string Short(double value, int digits = 3)
    {
        var size = Math.Abs(value);
        if (!double.IsFinite(value) || value == 0)
            return Plain(value, digits);
        if (size is < 0.001 or >= 1e15)
            return Power(value, digits);
        if (size < 10_000)
            return Plain(value, Math.Max(digits, size >= 1000 ? 4 : 0));
        // 999,999.9 rounds to 1M, not to 1000k: round first, then choose the suffix.
        var rounded = Round(value, digits);
        var (scale, suffix) = Counts.First(c => Math.Abs(rounded) >= c.Size);
        return Plain(rounded / scale, digits) + suffix;
    }

    /// <summary>Writes a number as a power of ten: 2.1×10²⁵, 10⁻³.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">How many significant digits of the factor to keep.</param>
    public static string Power(double value, int digits = 3)
    {
        if (!double.IsFinite(value) || value == 0)
            return Plain(value, digits);
        var parts = value.ToString("E" + (digits - 1), CultureInfo.InvariantCulture).Split('E');
        var factor = double.Parse(parts[0], CultureInfo.InvariantCulture);
        var power = "10" + Superscript(int.Parse(parts[1], CultureInfo.InvariantCulture));
        return factor switch
        {
            1 => power,
            -1 => "−" + power,
            _ => Plain(factor, digits) + "×" + power,
        };
    }

    /// <summary>Writes a number of bytes with a binary prefix: 1.5 GiB.</summary>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="digits">How many significant digits to keep.</param>
    public static string Bytes(double bytes, int digits = 3)
    {
        var unit = 0;
        for (; Math.Abs(bytes) >= 1023.5 && unit < Binary.Length - 1; unit++)
            bytes /= 1024;
        return Plain(bytes, Math.Abs(bytes) >= 1000 ? 4 : digits) + " " + Binary[unit];
    }

    /// <summary>Writes a number with separated thousands, a true minus sign and so many significant digits.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">How many significant digits to keep.</param>
    public static string Plain(double value, int digits = 15)
    {
        if (double.IsNaN(value))
            return "not a number";
        if (double.IsInfinity(value))
            return value > 0 ? "∞" : "−∞";
        var text = Round(value, digits).ToString("#,0.###############", CultureInfo.InvariantCulture);
        return text is "-0" ? "0" : text.Replace('-', '−');
    }

    internal static string Format(double value, AxisFormat format, int digits = 3) => format switch
    {
        AxisFormat.Plain => Plain(value, Math.Max(digits, 12)),
        AxisFormat.Percent => Plain(value * 100, digits) + "%",
        AxisFormat.Bytes => Bytes(value, digits),
        AxisFormat.Power => Power(value, digits),
        _ => Short(value, digits),
    };

    private static double Round(double value, int digits)
    {
        if (value == 0 || digits >= 16)
            return value;
        return double.Parse(value.ToString("E" + (digits - 1), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>Writes an integer as a superscript: ⁻³.</summary>
    internal static string Superscript(int exponent) =>
        string.Concat(exponent.ToString(CultureInfo.InvariantCulture).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
}
