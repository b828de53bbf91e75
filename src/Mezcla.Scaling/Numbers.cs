using System.Globalization;

namespace Mezcla.Scaling;

/// <summary>Formats numbers for display.</summary>
internal static class Numbers
{
    /// <summary>Writes whole numbers with grouped digits and others with five significant digits; uses an exponent if there would be many
    /// zeros.</summary>
    public static string Format(double value)
    {
        var magnitude = Math.Abs(value);
        if (value == Math.Round(value) && magnitude < 1e15)
            return value.ToString("N0", CultureInfo.InvariantCulture);
        if (magnitude is >= 1e15 or < 1e-3)
            return value.ToString("0.####e+0", CultureInfo.InvariantCulture);
        var decimals = Math.Clamp(4 - (int)Math.Floor(Math.Log10(magnitude)), 0, 8);
        return value.ToString("#,0." + new string('#', decimals), CultureInfo.InvariantCulture);
    }
}
