namespace Mezcla.Charts;

/// <summary>The rectangle in which the data are drawn, with its two axes.</summary>
internal sealed class Frame
{
    public const double LabelSize = 12.5, TickSize = 12;

    public required double Left { get; init; }
    public required double Top { get; init; }
    public required double Right { get; init; }
    public required double Bottom { get; init; }
    public required Scale X { get; init; }
    public required Scale Y { get; init; }

    /// <summary>True if no value can be drawn on the axes.</summary>
    public required bool Empty { get; init; }

    private double _slant;

    public double Width => Right - Left;

    public double Height => Bottom - Top;

    /// <summary>The height of the whole chart down to the last label.</summary>
    public required double Total { get; init; }

    /// <summary>Whether a point can be drawn and lies between the ends of both axes.</summary>
    public bool Holds(double x, double y) => X.Has(x) && Y.Has(y)
        && X.Map(x) >= Left - 0.5 && X.Map(x) <= Right + 0.5 && Y.Map(y) >= Top - 0.5 && Y.Map(y) <= Bottom + 0.5;

    /// <summary>Lays out the axes between <paramref name="top"/> and <paramref name="height"/>; a heat map without a given height takes the
    /// height that its cells need.</summary>
    public static Frame Of(Chart chart, double top, double width, double? height)
    {
        var lying = chart is { Type: Chart.Kind.Bars, Horizontal: true };
        var (xAxis, yAxis) = lying ? (chart.Y, chart.X) : (chart.X, chart.Y);
        var xNames = lying ? null : chart.X.Categories ?? (chart.Type == Chart.Kind.Bars ? [] : null);
        var yNames = lying ? chart.X.Categories ?? [] : chart.Y.Categories;
        var xDomain = xNames is null ? (lying ? Domain.OfY(chart) : Domain.OfX(chart)) : default;
        var yDomain = yNames is null ? Domain.OfY(chart) : default;

        var below = 26.0 + (xAxis.Label.Length > 0 ? 20 : 0);
        var yParts = (int)Math.Clamp(((height ?? 0) - top - below) / 42, 2, 10);
        var yTicks = yNames is null && !yAxis.Hidden ? NumberTicks(yDomain, yParts, yAxis.Format) : [];
        var widest = yNames is null
            ? yTicks.Select(t => Svg.WidthOf(t.Label, TickSize)).DefaultIfEmpty(0).Max()
            : Math.Min(yNames.Select(n => Svg.WidthOf(n, TickSize)).DefaultIfEmpty(0).Max(), width * 0.32);
        var left = 12 + widest + 8;
        var right = width - 18 - AnnotationPainter.RoomForLevels(chart, width);
        var table = height is null ? HeatmapPainter.Size(chart, right - left) : (Width: right - left, Height: 0);
        right = left + table.Width;

        var slant = 0.0;
        List<Tick> xTicks;
        if (xNames is null)
        {
            xTicks = FittingTicks(xDomain, right - left, xAxis.Format);
            right = width - Math.Max(16, xTicks.Count > 0 ? Svg.WidthOf(xTicks[^1].Label, TickSize) / 2 + 8 : 16);
        }
        else
        {
            var band = (right - left) / Math.Max(xNames.Count, 1);
            var longest = xNames.Select(n => Svg.WidthOf(n, TickSize)).DefaultIfEmpty(0).Max();
            xTicks = CategoryTicks(xNames, band / Math.Max(longest + 6, 1), band);
            if (longest > band - 4 && !xNames.All(n => double.TryParse(n, out _)))
            {
                slant = Math.Min(longest, 120);
                below += slant * 0.72 - 6;
                xTicks = CategoryTicks(xNames, band / 14, 120);
            }
        }
        var bottom = height is { } all ? Math.Max(all - below, top + 20) : top + table.Height;
        if (yNames is not null)
            yTicks = CategoryTicks(yNames, (bottom - top) / Math.Max(yNames.Count, 1) / 14, widest + 1);
        return new()
        {
            Left = left,
            Top = top,
            Right = right,
            Bottom = bottom,
            Total = bottom + below,
            X = MakeScale(xNames, xDomain, left, right, xTicks),
            Y = yNames is null ? MakeScale(null, yDomain, bottom, top, yTicks) : MakeScale(yNames, default, top, bottom, yTicks),
            Empty = xDomain.Empty || yDomain.Empty || xNames is { Count: 0 } || yNames is { Count: 0 },
            _slant = slant,
        };
    }

    /// <summary>Draws grid, ticks and the labels of the axes.</summary>
    public void Draw(Svg svg, string xLabel, string yLabel)
    {
        svg.Open("g", $"class=\"gr\" fill=\"none\" stroke=\"{Palette.LightGrid}\" stroke-width=\"1\"");
        foreach (var tick in Y is NumberScale ? Y.Ticks : [])
            svg.Line(Left, Y.Map(tick.Value), Right, Y.Map(tick.Value), tick.IsMinor ? "opacity=\"0.5\"" : "");
        foreach (var tick in X is NumberScale { IsLog: true } || (X is NumberScale && Y is CategoryScale)
            ? X.Ticks.Where(t => !t.IsMinor)
            : [])
            svg.Line(X.Map(tick.Value), Top, X.Map(tick.Value), Bottom, "");
        svg.Close("g");

        svg.Open("g", $"class=\"ax\" fill=\"none\" stroke=\"{Palette.LightMuted}\" stroke-width=\"1\"");
        if (Y is NumberScale)
            svg.Line(Left, Bottom, Right, Bottom, "");
        else if (X is NumberScale)
            svg.Line(Left, Top, Left, Bottom, "");
        foreach (var tick in X is NumberScale ? X.Ticks : [])
            svg.Line(X.Map(tick.Value), Bottom, X.Map(tick.Value), Bottom + (tick.IsMinor ? 3 : 5), "");
        svg.Close("g");

        svg.Open("g", $"font-size=\"{Svg.F(TickSize)}\"");
        foreach (var tick in Y.Ticks.Where(t => !t.IsMinor))
            svg.Text(Left - 8, Y.Map(tick.Value) + 4, tick.Label, $"class=\"mu\" fill=\"{Palette.LightMuted}\" text-anchor=\"end\"");
        foreach (var tick in X.Ticks.Where(t => !t.IsMinor))
        {
            var (x, y) = (X.Map(tick.Value), Bottom + 18);
            if (_slant > 0)
                svg.Text(x + 4, y - 5, tick.Label,
                    $"class=\"mu\" fill=\"{Palette.LightMuted}\" text-anchor=\"end\" " +
                        $"transform=\"rotate(-45 {Svg.F(x + 4)} {Svg.F(y - 5)})\"");
            else
                svg.Text(x, y, tick.Label, $"class=\"mu\" fill=\"{Palette.LightMuted}\" text-anchor=\"middle\"");
        }
        svg.Close("g");
        if (xLabel.Length > 0)
            svg.Text((Left + Right) / 2, Bottom + 38 + Math.Max(_slant * 0.72 - 6, 0), xLabel,
                $"font-size=\"{Svg.F(LabelSize)}\" fill=\"{Palette.LightInk}\" text-anchor=\"middle\"");
        if (yLabel.Length > 0)
            svg.Text(12, Top - 12, yLabel, $"font-size=\"{Svg.F(LabelSize)}\" fill=\"{Palette.LightInk}\"");
    }

    private static Scale MakeScale(IReadOnlyList<string>? names, Domain domain, double from, double to, List<Tick> ticks) => names is null
        ? new NumberScale(domain.Min, domain.Max, domain.Log) { From = from, To = to, Ticks = ticks }
        : new CategoryScale(names.Count) { From = from, To = to, Ticks = ticks };

    private static List<Tick> NumberTicks(Domain domain, int parts, AxisFormat format) =>
        domain.Empty ? [] : domain.Log
            ? Ticks.Log(domain.Min, domain.Max, parts, format)
            : Ticks.Linear(domain.Min, domain.Max, parts, format);

    /// <summary>Returns as many ticks as fit with their labels side by side.</summary>
    private static List<Tick> FittingTicks(Domain domain, double width, AxisFormat format)
    {
        for (var parts = (int)Math.Clamp(width / 75, 2, 10); ; parts--)
        {
            var ticks = NumberTicks(domain, parts, format);
            var room = ticks.Where(t => !t.IsMinor).Select(t => Svg.WidthOf(t.Label, TickSize) + 14).Sum();
            if (room <= width || parts <= 2)
                return ticks;
        }
    }

    /// <summary>The category names that fit: all of them, or every n-th one if the bands are narrower than a line of text.</summary>
    private static List<Tick> CategoryTicks(IReadOnlyList<string> names, double perName, double width)
    {
        // Every 2nd, 5th, 10th, 20th …, so that numbered rows show round numbers.
        var every = perName >= 1 ? 1 : Math.Max(2, (int)Ticks.Step(1 / perName * 1.4, 1));
        return [.. names.Select((name, i) => new Tick(i, Svg.Fit(name.Length == 0 ? " " : name, Math.Max(width, 24), TickSize)))
            .Where(t => t.Value % every == 0)];
    }
}
