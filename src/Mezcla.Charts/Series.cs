namespace Mezcla.Charts;

/// <summary>Data that are drawn with a name and a colour.</summary>
internal abstract record Series(string Name)
{
    /// <summary>The x values that the axis must include.</summary>
    public abstract IEnumerable<double> Xs { get; }

    /// <summary>The y values that the axis must include.</summary>
    public abstract IEnumerable<double> Ys { get; }
}

/// <summary>Points joined by a line; a value that is not a number is a gap.</summary>
internal sealed record LineSeries(string Name, double[] X, double[] Y, bool Markers) : Series(Name)
{
    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Y;
}

/// <summary>Points on their own, each with a text for the reader's pointer.</summary>
internal sealed record PointSeries(string Name, double[] X, double[] Y, string[]? Texts) : Series(Name)
{
    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Y;
}

/// <summary>Repeated measurements at each x: their mean, and the smallest and the largest.</summary>
internal sealed record SpreadSeries(string Name, double[] X, double[][] Runs) : Series(Name)
{
    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Estimates is null ? Runs.SelectMany(r => r) : Runs.SelectMany(r => r).Concat(Estimates);

    /// <summary>Where the dots are if not at the means: the estimates that the runs are an interval of.</summary>
    public double[]? Estimates { get; init; }

    public double[] Means => Estimates ?? [.. Runs.Select(r => r.Average())];
}

/// <summary>The area between two curves: an interval, or one layer of stacked areas.</summary>
internal sealed record BandSeries(string Name, double[] X, double[] Low, double[] High, bool Layer) : Series(Name)
{
    public override IEnumerable<double> Xs => X;

    public override IEnumerable<double> Ys => Low.Concat(High);
}

/// <summary>One bar for each category.</summary>
internal sealed record BarSeries(string Name, double[] Values) : Series(Name)
{
    public override IEnumerable<double> Xs => [];

    public override IEnumerable<double> Ys => Values.Append(0);
}

/// <summary>Values to be counted in bins.</summary>
internal sealed record HistogramSeries(string Name, double[] Values) : Series(Name)
{
    public override IEnumerable<double> Xs => Values;

    public override IEnumerable<double> Ys => [0];
}

/// <summary>A value for each cell; row 0 is drawn on top.</summary>
internal sealed record HeatSeries(string Name, double[,] Values) : Series(Name)
{
    public override IEnumerable<double> Xs => [];

    public override IEnumerable<double> Ys => [];
}

/// <summary>An annotation of a point, a level, or a range of the x axis.</summary>
internal sealed record Annotation(string Text, double X, double Y, double XEnd = double.NaN)
{
    public bool IsPoint => !double.IsNaN(X) && !double.IsNaN(Y);

    public bool IsLevel => double.IsNaN(X);

    public bool IsRegion => !double.IsNaN(XEnd);
}

/// <summary>The settings of an axis that do not depend on the data.</summary>
internal sealed class AxisSettings
{
    public string Label { get; set; } = "";

    public bool Log { get; set; }

    public double? Min { get; set; }

    public double? Max { get; set; }

    public AxisFormat Format { get; set; }

    /// <summary>True if the axis shows no numbers.</summary>
    public bool Hidden { get; set; }

    /// <summary>The categories, if this axis has names in place of numbers.</summary>
    public List<string>? Categories { get; set; }
}
