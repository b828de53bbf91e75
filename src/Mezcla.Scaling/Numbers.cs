using System.Globalization;

namespace Mezcla.Scaling;

/// <summary>How numbers are written for people.</summary>
internal static class Numbers
{
    /// <summary>Whole numbers with their digits grouped, others with five significant
    /// ones; exponents where there would be many zeros.</summary>
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
