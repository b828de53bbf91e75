namespace Mezcla.Charts;

/// <summary>Maps values to coordinates on the page, and holds the ticks of the axis.</summary>
internal abstract class Scale
{
    /// <summary>The coordinate of the axis' low end.</summary>
    public required double From { get; init; }

    /// <summary>The coordinate of the axis' high end; smaller than <see cref="From"/> on a y axis, since SVG's y grows downwards.</summary>
    public required double To { get; init; }

    public required IReadOnlyList<Tick> Ticks { get; init; }

    public abstract double Map(double value);

    /// <summary>True if the axis can show the value: it must be finite, and positive on a logarithmic axis.</summary>
    public abstract bool Has(double value);

    /// <summary>True if a value can be drawn: it must be finite and not so large that computing with it overflows, and positive if the axis
    /// is logarithmic.</summary>
    public static bool Drawable(double value, bool log) => Math.Abs(value) < 1e300 && (!log || value > 1e-290);
}

/// <summary>Numbers from Min to Max, linear or logarithmic.</summary>
internal sealed class NumberScale(double min, double max, bool log) : Scale
{
    public double Min => min;

    public double Max => max;

    public bool IsLog => log;

    public override double Map(double value)
    {
        var part = log ? Math.Log(value / min) / Math.Log(max / min) : (value - min) / (max - min);
        return From + part * (To - From);
    }

    public override bool Has(double value) => Drawable(value, log);
}

/// <summary>A scale of categories side by side; value i is the middle of the i-th category.</summary>
internal sealed class CategoryScale(int count) : Scale
{
    public int Count => count;

    /// <summary>The width of one category.</summary>
    public double Band => Math.Abs(To - From) / Math.Max(count, 1);

    public override double Map(double value) => From + (value + 0.5) / Math.Max(count, 1) * (To - From);

    public override bool Has(double value) => Drawable(value, log: false);
}
