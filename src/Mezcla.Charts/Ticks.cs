namespace Mezcla.Charts;

/// <summary>A tick on an axis: its value and its label, which is empty for a minor tick.</summary>
internal readonly record struct Tick(double Value, string Label)
{
    public bool IsMinor => Label.Length == 0;
}

/// <summary>Chooses round ticks: steps of 1, 2 or 5 times a power of ten on a linear axis, and decades on a logarithmic one.</summary>
internal static class Ticks
{
    /// <summary>The step of 1, 2 or 5 times a power of ten that divides a range into about the given number of parts.</summary>
    public static double Step(double range, int parts)
    {
        var rough = range / Math.Max(parts, 1);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { < 1.5 => 1, < 3.5 => 2, < 7.5 => 5, _ => 10 } * power;
    }

    /// <summary>Ticks inside [min, max] on a linear axis. Bytes step by powers of two.</summary>
    public static List<Tick> Linear(double min, double max, int parts, AxisFormat format)
    {
        var step = format == AxisFormat.Bytes
            ? Math.Pow(2, Math.Round(Math.Log2((max - min) / Math.Max(parts, 1))))
            : Step(max - min, parts);
        var first = Math.Ceiling(min / step - 1e-9);
        var last = Math.Floor(max / step + 1e-9);
        var ticks = new List<Tick>();
        // Enough digits to tell neighbouring ticks apart, the same number for all ticks.
        var digits = (int)Math.Clamp(Math.Floor(Math.Log10(Math.Max(Math.Abs(min), Math.Abs(max)) / step)) + 2, 1, 12);
        for (var i = first; i <= last && ticks.Count < 1000; i++)
            ticks.Add(new(i * step, Label(i * step, Math.Max(digits, 3), format)));
        return ticks;
    }

    /// <summary>Ticks inside [min, max] on a logarithmic axis: every decade or every few decades; if there are few decades, also at 2 and
    /// 5.</summary>
    public static List<Tick> Log(double min, double max, int parts, AxisFormat format)
    {
        var (low, high) = (Math.Log10(min), Math.Log10(max));
        var (first, last) = ((int)Math.Floor(low + 1e-9), (int)Math.Ceiling(high - 1e-9));
        var decades = high - low;
        if (decades < 0.7)
            return Linear(min, max, parts, format);
        var every = Math.Max(1, (int)Math.Ceiling(decades / Math.Max(parts * 1.6, 2)));
        int[] labelled = decades <= parts / 3.0 ? [1, 2, 5] : decades <= parts / 2.0 ? [1, 3] : [1];
        if (format == AxisFormat.Auto && (min < 0.99e-3 || max > 1.01e15 || (min < 0.1 && max > 1e5)))
            format = AxisFormat.Power;

        var ticks = new List<Tick>();
        for (var decade = first; decade <= last; decade++)
        {
            for (var digit = 1; digit <= 9; digit++)
            {
                var value = digit * Math.Pow(10, decade);
                if (value < min * (1 - 1e-9) || value > max * (1 + 1e-9))
                    continue;
                var label = labelled.Contains(digit) && decade % every == 0 ? Label(value, 3, format) : "";
                if (label.Length > 0 || (decades <= 8 && every == 1) || digit == 1)
                    ticks.Add(new(value, label));
            }
        }
        return ticks;
    }

    private static string Label(double value, int digits, AxisFormat format) => value == 0
        ? (format == AxisFormat.Percent ? "0%" : "0")
        : NumberText.Format(value, format, digits);
}
