namespace Mezcla.Charts.Data;

/// <summary>Data that are drawn with a name and a colour.</summary>
/// <param name="Name">The name in the legend.</param>
public abstract record Series(string Name)
{
    /// <summary>The x values that the axis must include.</summary>
    public abstract IEnumerable<double> Xs { get; }

    /// <summary>The y values that the axis must include.</summary>
    public abstract IEnumerable<double> Ys { get; }
}

/// <summary>Points joined by a line; a value that is not a number is a gap.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="X">The x values.</param>
/// <param name="Y">The y values, one for each x.</param>
/// <param name="Markers">Whether each point has a marker.</param>
public sealed record LineSeries(string Name, double[] X, double[] Y, bool Markers) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => X;

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => Y;
}

/// <summary>Points on their own, each with a text for the reader's pointer.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="X">The x values.</param>
/// <param name="Y">The y values, one for each x.</param>
/// <param name="Texts">The texts, one for each point, or null.</param>
public sealed record PointSeries(string Name, double[] X, double[] Y, string[]? Texts) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => X;

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => Y;
}

/// <summary>Repeated measurements at each x: their mean, and the smallest and the largest.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="X">The x values.</param>
/// <param name="Runs">The measurements at each x.</param>
public sealed record SpreadSeries(string Name, double[] X, double[][] Runs) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => X;

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => Estimates is null ? Runs.SelectMany(r => r) : Runs.SelectMany(r => r).Concat(Estimates);

    /// <summary>Where the dots are if not at the means: the estimates that the runs are an interval of.</summary>
    public double[]? Estimates { get; init; }

    /// <summary>Where the dot at each x is: the mean of the measurements, or the estimate.</summary>
    public double[] Means => Estimates ?? [.. Runs.Select(r => r.Average())];
}

/// <summary>The area between two curves: an interval, or one layer of stacked areas.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="X">The x values.</param>
/// <param name="Low">The lower edge at each x.</param>
/// <param name="High">The upper edge at each x.</param>
/// <param name="Layer">Whether it is a layer of stacked areas.</param>
public sealed record BandSeries(string Name, double[] X, double[] Low, double[] High, bool Layer) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => X;

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => Low.Concat(High);
}

/// <summary>One bar for each category.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Values">The length of the bar of each category; NaN for none.</param>
public sealed record BarSeries(string Name, double[] Values) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => [];

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => Values.Append(0);
}

/// <summary>Values to be counted in bins.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Values">The values.</param>
public sealed record HistogramSeries(string Name, double[] Values) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => Values;

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => [0];
}

/// <summary>A value for each cell; row 0 is drawn on top.</summary>
/// <param name="Name">The title of the heat map.</param>
/// <param name="Values">The values, [rows, columns].</param>
public sealed record HeatSeries(string Name, double[,] Values) : Series(Name)
{
    /// <inheritdoc/>
    public override IEnumerable<double> Xs => [];

    /// <inheritdoc/>
    public override IEnumerable<double> Ys => [];
}
