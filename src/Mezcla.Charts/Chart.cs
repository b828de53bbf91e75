using System.Numerics;

namespace Mezcla.Charts;

/// <summary>
/// A chart. Create it with the method named after its kind, add series with <c>Add</c>, and make it the last value of a cell to show it:
/// <code>
/// Chart.Lines(title: "Loss", x: "step", y: "nats").Add("dense", steps, dense).Add("8 experts", steps, sparse).LogX()
/// </code>
/// A chart can be written as SVG (<see cref="ToSvg"/>), as text (<see cref="ToText"/>), or in all forms that a notebook shows
/// (<see cref="ToMimeBundle"/>). A value that is not finite leaves a gap.
/// </summary>
public sealed class Chart
{
    // Text of 12 pixels is still 9.6 pixels high at this scale.
    private const double SmallestScale = 0.8;


    private readonly List<Series> _series = [];
    private readonly List<Annotation> _annotations = [];

    private Chart(Kind kind, string title, string x, string y)
    {
        Type = kind;
        Title = title;
        X.Label = x;
        Y.Label = y;
    }

    /// <summary>The kinds of charts.</summary>
    public enum Kind
    {
        /// <summary>Lines.</summary>
        Lines,

        /// <summary>Points.</summary>
        Scatter,

        /// <summary>Bars, one or more for each category.</summary>
        Bars,

        /// <summary>Stacked areas.</summary>
        Areas,

        /// <summary>Counts of values in bins.</summary>
        Histogram,

        /// <summary>A table of shades.</summary>
        Heatmap,
    }

    /// <summary>What kind of chart this is.</summary>
    public Kind Type { get; }

    /// <summary>The title.</summary>
    public string Title { get; }

    internal string SubtitleText { get; private set; } = "";
    internal string? DescriptionText { get; private set; }

    /// <summary>The x axis; for bars, that of the categories.</summary>
    public AxisSettings X { get; } = new();

    /// <summary>The y axis; for bars, that of their lengths.</summary>
    public AxisSettings Y { get; } = new();

    /// <summary>What is drawn, in the order in which it was added.</summary>
    public IReadOnlyList<Series> Series => _series;

    /// <summary>Notes, lines across the chart and shaded ranges.</summary>
    public IReadOnlyList<Annotation> Annotations => _annotations;

    /// <summary>The names of the legend in the order of their colours; series with the same name share a colour.</summary>
    public IReadOnlyList<string> Names => [.. Series.Select(series => series.Name).Distinct()];

    /// <summary>Whether the series are stacked.</summary>
    public bool Stacked { get; private init; }

    /// <summary>Whether the bars are horizontal.</summary>
    public bool Horizontal { get; private init; }

    /// <summary>Whether negative and positive values of a heat map have different colours.</summary>
    public bool Diverging { get; private init; }

    /// <summary>The range of values that the shades of a heat map stand for.</summary>
    public (double Low, double High) Shades => HeatmapPainter.Range(this);

    internal bool ShowValues { get; private init; }
    internal int Bins { get; private init; }
    internal bool Markers { get; private init; }
    internal Dictionary<string, int> Colours { get; } = new(StringComparer.Ordinal);

    /// <summary>The width in pixels.</summary>
    public double Width { get; private set; } = 660;

    /// <summary>The height in pixels; null if the kind of chart decides.</summary>
    public double? Height { get; private set; }

    /// <summary>A line chart, which shows how something changes.</summary>
    /// <param name="title">The title; ideally it states the conclusion that the chart supports.</param>
    /// <param name="x">The quantity on the x axis, with its unit.</param>
    /// <param name="y">The quantity on the y axis, with its unit.</param>
    /// <param name="markers">Whether each point has a marker; markers help if there are few points.</param>
    public static Chart Lines(string title = "", string x = "", string y = "", bool markers = false) =>
        new(Kind.Lines, title, x, y) { Markers = markers };

    /// <summary>A scatter chart, which shows how two quantities are related.</summary>
    /// <param name="title">The title.</param>
    /// <param name="x">The quantity on the x axis.</param>
    /// <param name="y">The quantity on the y axis.</param>
    public static Chart Scatter(string title = "", string x = "", string y = "") => new(Kind.Scatter, title, x, y);

    /// <summary>A bar chart of a few named amounts. Several series stand side by side, or are stacked.</summary>
    /// <param name="title">The title.</param>
    /// <param name="x">What the categories are.</param>
    /// <param name="y">The quantity that the length of a bar shows.</param>
    /// <param name="stacked">Whether the series are stacked.</param>
    /// <param name="horizontal">Whether the bars are horizontal, which leaves room for long names.</param>
    public static Chart Bars(string title = "", string x = "", string y = "", bool stacked = false, bool horizontal = false) =>
        new(Kind.Bars, title, x, y) { Stacked = stacked, Horizontal = horizontal };

    /// <summary>A stacked area chart, which shows how the parts of a whole change.</summary>
    /// <param name="title">The title.</param>
    /// <param name="x">The quantity on the x axis.</param>
    /// <param name="y">The quantity that the height shows.</param>
    public static Chart Areas(string title = "", string x = "", string y = "") => new(Kind.Areas, title, x, y) { Stacked = true };

    /// <summary>A histogram, which shows how values are distributed. All series have the same bins.</summary>
    /// <param name="title">The title.</param>
    /// <param name="x">What the values are.</param>
    /// <param name="bins">Approximate number of bins; their edges are rounded.</param>
    public static Chart Histogram(string title = "", string x = "", int bins = 40) =>
        new(Kind.Histogram, title, x, "count") { Bins = Math.Clamp(bins, 1, 400) };

    /// <summary>A heat map, which shows a table of numbers as shades. Row 0 is at the top;
    /// a value that is not finite leaves its cell empty.</summary>
    /// <param name="values">The values, [rows, columns].</param>
    /// <param name="title">The title.</param>
    /// <param name="x">What the columns are.</param>
    /// <param name="y">What the rows are.</param>
    /// <param name="rows">The names of the rows; their numbers if null.</param>
    /// <param name="columns">The names of the columns; their numbers if null.</param>
    /// <param name="diverging">Whether negative and positive values have different colours, with zero uncoloured between them.</param>
    /// <param name="showValues">Whether the cells show their values if there is room.</param>
    /// <exception cref="ArgumentException">The number of names is not the number of rows or columns.</exception>
    public static Chart Heatmap<T>(
        T[,] values, string title = "", string x = "", string y = "", IEnumerable<string>? rows = null, IEnumerable<string>? columns = null,
        bool diverging = false, bool showValues = false)
        where T : INumberBase<T>
    {
        var (height, width) = (values.GetLength(0), values.GetLength(1));
        var numbers = new double[height, width];
        for (var i = 0; i < height; i++)
        {
            for (var j = 0; j < width; j++)
                numbers[i, j] = double.CreateSaturating(values[i, j]);
        }
        var chart = new Chart(Kind.Heatmap, title, x, y) { Diverging = diverging, ShowValues = showValues };
        chart.X.Named = Names(columns, width, "columns");
        chart.Y.Named = Names(rows, height, "rows");
        chart._series.Add(new HeatSeries(title, numbers));
        return chart;

        static List<string> Names(IEnumerable<string>? names, int count, string what)
        {
            var list = names?.ToList() ?? [.. Enumerable.Range(0, count).Select(i => NumberText.Plain(i))];
            return list.Count == count ? list : throw new ArgumentException($"Heatmap: {list.Count} names for {count} {what}.");
        }
    }

    /// <summary>Adds a series of the chart's kind.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="xs">The x values, one for each y value.</param>
    /// <param name="ys">The values.</param>
    /// <exception cref="ArgumentException">There are not as many xs as ys, or the kind of chart has no x values.</exception>
    public Chart Add<TX, TY>(string name, IEnumerable<TX> xs, IEnumerable<TY> ys) where TX : INumberBase<TX> where TY : INumberBase<TY>
    {
        if (Type is Kind.Bars)
            return Add(name, xs.Select(x => NumberText.Plain(double.CreateSaturating(x))), ys);
        return Add(name, Numbers(xs), Numbers(ys));
    }

    /// <summary>Adds a series of the chart's kind over named categories. The axis shows the categories of all series, in the order in which
    /// they first occur.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="categories">The categories, one for each value.</param>
    /// <param name="ys">The values.</param>
    /// <exception cref="ArgumentException">There are not as many categories as values.</exception>
    public Chart Add<TY>(string name, IEnumerable<string> categories, IEnumerable<TY> ys) where TY : INumberBase<TY>
    {
        var (names, values) = (categories.ToArray(), Numbers(ys));
        Check(name, names.Length, values.Length);
        if (Type is Kind.Histogram or Kind.Heatmap)
            throw new ArgumentException($"{name}: a {Type.ToString().ToLowerInvariant()} has no categories with values.");
        var axis = X.Named ??= [];
        foreach (var category in names.Where(n => !axis.Contains(n)).Distinct())
            axis.Add(category);
        if (Type != Kind.Bars)
            return Add(name, [.. names.Select(n => (double)axis.IndexOf(n))], values);
        var bars = Enumerable.Repeat(double.NaN, axis.Count).ToArray();
        for (var i = 0; i < names.Length; i++)
            bars[axis.IndexOf(names[i])] = values[i];
        _series.Add(new BarSeries(name, bars));
        return this;
    }

    /// <summary>Adds values without x values. A histogram counts them; other charts place them at x = 0, 1, 2 …</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="values">The values.</param>
    public Chart Add<T>(string name, IEnumerable<T> values) where T : INumberBase<T>
    {
        var numbers = Numbers(values);
        if (Type != Kind.Histogram)
            return Add(name, Enumerable.Range(0, numbers.Length), numbers);
        _series.Add(new HistogramSeries(name, numbers));
        return this;
    }

    /// <summary>Adds the area between two curves, such as an interval around a line. It takes the
    /// colour of the series added before it with the same name.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="xs">The x values.</param>
    /// <param name="low">The lower edge at each x.</param>
    /// <param name="high">The upper edge at each x.</param>
    /// <exception cref="ArgumentException">The three do not have the same length.</exception>
    public Chart Band<TX, TY>(string name, IEnumerable<TX> xs, IEnumerable<TY> low, IEnumerable<TY> high) where TX : INumberBase<TX>
        where TY : INumberBase<TY>
    {
        var (x, l, h) = (Numbers(xs), Numbers(low), Numbers(high));
        Check(name, x.Length, l.Length);
        Check(name, x.Length, h.Length);
        _series.Add(new BandSeries(name, x, l, h, Layer: false));
        return this;
    }

    /// <summary>Adds points to a chart of any kind with numbers on both axes.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="xs">The x values.</param>
    /// <param name="ys">The values.</param>
    /// <param name="texts">The text that is shown when the pointer is over each point.</param>
    /// <exception cref="ArgumentException">The numbers of xs, ys and texts differ.</exception>
    public Chart Points<TX, TY>(string name, IEnumerable<TX> xs, IEnumerable<TY> ys, IEnumerable<string>? texts = null)
        where TX : INumberBase<TX> where TY : INumberBase<TY>
    {
        var (x, y, t) = (Numbers(xs), Numbers(ys), texts?.ToArray());
        Check(name, x.Length, y.Length);
        if (t is not null)
            Check(name, x.Length, t.Length);
        _series.Add(new PointSeries(name, x, y, t));
        return this;
    }

    /// <summary>Adds repeated measurements, such as the losses of several seeds: at each x a dot at their mean, and a line from the
    /// smallest to the largest.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="xs">The x values.</param>
    /// <param name="runs">The measurements at each x; at least one.</param>
    /// <exception cref="ArgumentException">There are not as many xs as lists of runs, a list is empty, or the chart has bars.</exception>
    public Chart Spread<TX>(string name, IEnumerable<TX> xs, IEnumerable<IEnumerable<double>> runs) where TX : INumberBase<TX>
    {
        var (x, all) = (Numbers(xs), runs.Select(r => r.ToArray()).ToArray());
        Check(name, x.Length, all.Length);
        if (all.Any(r => r.Length == 0))
            throw new ArgumentException($"{name}: an x value has no runs; each needs at least one.");
        if (Type is Kind.Bars or Kind.Histogram or Kind.Heatmap)
            throw new ArgumentException($"{name}: a {Type.ToString().ToLowerInvariant()} chart shows no spreads; use Chart.Scatter.");
        _series.Add(new SpreadSeries(name, x, all));
        return this;
    }

    /// <summary>Adds repeated measurements of named things, such as the losses of several seeds of each model: a dot at their mean, and a
    /// line from the smallest to the largest.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="categories">The names on the x axis.</param>
    /// <param name="runs">The measurements of each; at least one.</param>
    /// <exception cref="ArgumentException">There are not as many names as lists of runs, a list is empty, or the chart has
    /// bars.</exception>
    public Chart Spread(string name, IEnumerable<string> categories, IEnumerable<IEnumerable<double>> runs)
    {
        var axis = X.Named ??= [];
        var names = categories.ToArray();
        axis.AddRange(names.Where(n => !axis.Contains(n)).Distinct());
        return Spread(name, names.Select(n => axis.IndexOf(n)), runs);
    }

    /// <summary>Adds estimates of named things, each with its interval, as a bootstrap gives them: a dot at the estimate, and a line from
    /// the lower end of the interval to the upper.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="categories">The names on the x axis.</param>
    /// <param name="estimates">The estimates.</param>
    /// <param name="low">The lower ends.</param>
    /// <param name="high">The upper ends.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or the chart has bars.</exception>
    public Chart Interval(string name, IEnumerable<string> categories, IEnumerable<double> estimates, IEnumerable<double> low,
        IEnumerable<double> high)
    {
        var (at, from, to) = (estimates.ToArray(), low.ToArray(), high.ToArray());
        Check(name, at.Length, from.Length);
        Check(name, at.Length, to.Length);
        Spread(name, categories, from.Zip(to, (a, b) => new[] { a, b }));
        _series[^1] = (SpreadSeries)Series[^1] with { Estimates = at };
        return this;
    }

    /// <summary>Adds a line to a chart of any kind with numbers on both axes, such as a fit through points.</summary>
    /// <param name="name">The name in the legend.</param>
    /// <param name="xs">The x values.</param>
    /// <param name="ys">The values.</param>
    /// <exception cref="ArgumentException">There are not as many xs as ys.</exception>
    public Chart Line<TX, TY>(string name, IEnumerable<TX> xs, IEnumerable<TY> ys) where TX : INumberBase<TX> where TY : INumberBase<TY>
    {
        var (x, y) = (Numbers(xs), Numbers(ys));
        Check(name, x.Length, y.Length);
        _series.Add(new LineSeries(name, x, y, Markers: false));
        return this;
    }

    /// <summary>Adds a note to a point.</summary>
    /// <param name="x">Its x; the number of the category, if the axis has names.</param>
    /// <param name="y">Its y.</param>
    /// <param name="text">The text of the note.</param>
    public Chart Note(double x, double y, string text) => With(() => _annotations.Add(new(text, x, y)));

    /// <summary>Draws a horizontal line across the chart, such as the loss of a baseline.</summary>
    /// <param name="y">The y value of the line.</param>
    /// <param name="text">The label.</param>
    public Chart Level(double y, string text) => With(() => _annotations.Add(new(text, double.NaN, y)));

    /// <summary>Draws a vertical line, such as the moment when something happened.</summary>
    /// <param name="x">Where.</param>
    /// <param name="text">The label.</param>
    public Chart Mark(double x, string text) => With(() => _annotations.Add(new(text, x, double.NaN)));

    /// <summary>Shades a range of the x axis.</summary>
    /// <param name="from">Where it begins.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="text">The label.</param>
    public Chart Region(double from, double to, string text) => With(() => _annotations.Add(new(text, from, double.NaN, to)));

    /// <summary>Gives the series with a name the colour with a number, so that a thing keeps its colour in several charts. Other series get
    /// the colour of their place in the legend.</summary>
    /// <param name="name">The name of the series.</param>
    /// <param name="colour">The number of the colour, from 0; colours repeat after the eighth, with dashed lines.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public Chart Colour(string name, int colour)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(colour);
        return With(() => Colours[name] = colour);
    }

    /// <summary>The colour of a series on a light background, as #rrggbb.</summary>
    /// <param name="name">The name of the series.</param>
    public string ColourOf(string name) => Palette.Light[ColourOf(name, [.. Names]) % Palette.Count];

    /// <summary>Whether a series is drawn dashed, since its colour is that of another.</summary>
    /// <param name="name">The name of the series.</param>
    public bool IsDashed(string name) => ColourOf(name, [.. Names]) >= Palette.Count;

    /// <summary>The number of a series' colour.</summary>
    internal int ColourOf(string name, List<string> names) => Colours.TryGetValue(name, out var colour) ? colour : names.IndexOf(name);

    /// <summary>Adds a second line below the title.</summary>
    /// <param name="text">The line.</param>
    public Chart Subtitle(string text) => With(() => SubtitleText = text);

    /// <summary>Replaces the description for readers who cannot see the picture. By default it is made from the data and gives the range
    /// and the first and last value of every series.</summary>
    /// <param name="text">The description.</param>
    public Chart Describe(string text) => With(() => DescriptionText = text);

    /// <summary>Makes the x axis logarithmic. Values that are not positive are left out, and the chart says how many.</summary>
    /// <exception cref="InvalidOperationException">The chart has bars: their values are on the y axis, even if the bars are
    /// horizontal.</exception>
    public Chart LogX() => Type == Kind.Bars
        ? throw new InvalidOperationException(
            "The x axis of bars holds categories. Their values are on the y axis, also where the bars lie: use LogY().")
        : With(() => X.Log = true);

    /// <summary>Makes the y axis logarithmic. Values that are not positive are left out, and the chart says how many.</summary>
    public Chart LogY() => With(() => Y.Log = true);

    /// <summary>Makes both axes logarithmic; scaling laws are then straight lines.</summary>
    public Chart LogLog() => LogX().LogY();

    /// <summary>Fixes the ends of the x axis; an end that is null is chosen from the data.</summary>
    /// <param name="min">The left end.</param>
    /// <param name="max">The right end.</param>
    public Chart XRange(double? min = null, double? max = null) => With(() => (X.Min, X.Max) = (min, max));

    /// <summary>Fixes the ends of the y axis, or the value range of a heat map's shades; an end that is null is chosen from the
    /// data.</summary>
    /// <param name="min">The lower end.</param>
    /// <param name="max">The upper end.</param>
    public Chart YRange(double? min = null, double? max = null) => With(() => (Y.Min, Y.Max) = (min, max));

    /// <summary>Leaves out the numbers of the y axis, for charts in which the height has no meaning and only separates the
    /// series.</summary>
    public Chart HideY() => With(() => Y.Hidden = true);

    /// <summary>Sets the format of numbers.</summary>
    /// <param name="x">On the x axis.</param>
    /// <param name="y">On the y axis, and in the cells of a heat map.</param>
    public Chart Format(AxisFormat x = AxisFormat.Auto, AxisFormat y = AxisFormat.Auto) => With(() => (X.Format, Y.Format) = (x, y));

    /// <summary>Sets the size in pixels at which the chart is drawn; on a narrower page the chart becomes smaller.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height; chosen by the kind of chart if null.</param>
    public Chart Size(double width, double? height = null) =>
        With(() => (Width, Height) = (Math.Clamp(width, 200, 4000), height is { } h ? Math.Clamp(h, 120, 4000) : null));

    /// <summary>The chart as one self-contained SVG element without scripts, fonts or network access. It follows the light or dark theme of
    /// its page.</summary>
    public string ToSvg() => ChartRenderer.Render(this, hover: false);

    /// <summary>The chart in words: what is drawn, ranges, first and last values.</summary>
    public string ToText() => ChartText.Plain(this);

    /// <summary>The chart in all forms that a notebook may need, by MIME type. The form <c>text/html</c> also shows the values under the
    /// pointer.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => new Dictionary<string, string>
    {
        ["text/html"] = HtmlFrame(ChartRenderer.Render(this, hover: true), Width),
        ["image/svg+xml"] = ToSvg(),
        ["text/plain"] = ToText(),
    };

    /// <inheritdoc/>
    public override string ToString() => ToText();

    /// <summary>On a narrow screen, the chart scrolls sideways instead of becoming too small to read.</summary>
    internal static string HtmlFrame(string svg, double width, double narrowest = 470) =>
        $"<div class=\"mezcla-chart\" style=\"overflow-x:auto;max-width:{Svg.F(width)}px\"><div " +
            $"style=\"min-width:{Svg.F(Math.Min(width, Math.Max(narrowest, width * SmallestScale)))}px\">{svg}</div></div>";

    private Chart Add(string name, double[] xs, double[] ys)
    {
        Check(name, xs.Length, ys.Length);
        if (Type is Kind.Histogram or Kind.Heatmap)
            throw new ArgumentException($"{name}: a {Type.ToString().ToLowerInvariant()} takes no x values.");
        _series.Add(Type switch
        {
            Kind.Scatter => new PointSeries(name, xs, ys, null),
            Kind.Areas => Layer(name, xs, ys),
            _ => new LineSeries(name, xs, ys, Markers || (xs.Length < 2)),
        });
        return this;
    }

    private BandSeries Layer(string name, double[] xs, double[] ys)
    {
        var below = Series.OfType<BandSeries>().LastOrDefault(s => s.Layer);
        if (below is not null && !below.X.SequenceEqual(xs))
            throw new ArgumentException($"{name}: stacked areas need the same xs, and '{below.Name}' has others.");
        var low = below?.High ?? new double[xs.Length];
        return new(name, xs, low, [.. low.Zip(ys, (l, y) => l + (double.IsFinite(y) ? y : 0))], Layer: true);
    }

    private static double[] Numbers<T>(IEnumerable<T> values) where T : INumberBase<T> => [.. values.Select(double.CreateSaturating)];

    private static void Check(string name, int xs, int others)
    {
        if (xs != others)
            throw new ArgumentException($"{name}: {xs} x values and {others} others; the numbers must be equal.");
    }

    private Chart With(Action change)
    {
        change();
        return this;
    }
}
