using System.Globalization;
using Mezcla.Charts;
using Mezcla.Charts.Data;
using Microsoft.FSharp.Collections;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using Annotation = Plotly.NET.LayoutObjects.Annotation;
using Chart = Mezcla.Charts.Chart;

namespace Mezcla.Interactive.Figures;

/// <summary>The course's charts as charts of Plotly.NET.</summary>
internal static class PlotlyFigure
{
    private const double GridTitle = 90, GridRow = 230;

    /// <summary>A chart.</summary>
    public static GenericChart Of(Chart chart)
    {
        var layout = Layout(chart.Title, chart.Width, chart.Height ?? 380).With(
            ("xaxis", XAxis(chart)), ("yaxis", YAxis(chart)), ("showlegend", chart.Names.Count > 1),
            ("shapes", Shapes(chart, "x", "y").ToArray()), ("annotations", Notes(chart, "x", "y").ToArray()));
        if (chart.Type == Chart.Kind.Bars)
            layout.With(("barmode", chart.Stacked ? "relative" : "group"));
        if (chart.Type == Chart.Kind.Histogram)
            layout.With(("barmode", "overlay"), ("bargap", 0.02));
        return Figure(PlotlyTraces.Of(chart, _ => true), layout);
    }

    /// <summary>Several charts with a pair of axes for each.</summary>
    public static GenericChart Of(ChartGrid grid)
    {
        var (traces, shapes, notes, named) = (new List<Trace>(), new List<Shape>(), new List<Annotation>(), new HashSet<string>());
        var layout = Layout(grid.Title, grid.Width, GridTitle + GridRow * grid.Rows);
        for (var i = 0; i < grid.Charts.Count; i++)
        {
            var chart = grid.Charts[i];
            var number = i == 0 ? "" : (i + 1).ToString(CultureInfo.InvariantCulture);
            var (x, y) = ("x" + number, "y" + number);
            var several = chart.Names.Count > 1;
            traces.AddRange(PlotlyTraces.Of(chart, name => several && named.Add(name))
                .Select(trace => trace.With(("xaxis", x), ("yaxis", y))));
            layout.With(
                ("xaxis" + number, Place(XAxis(chart), y, i % grid.Columns, grid.Columns, fromTop: false)),
                ("yaxis" + number, Place(YAxis(chart), x, i / grid.Columns, grid.Rows, fromTop: true)));
            shapes.AddRange(Shapes(chart, x, y));
            notes.AddRange(Notes(chart, x, y));
            notes.Add(new Annotation().With(("text", PlotlyText.Of(chart.Title)), ("xref", x + " domain"), ("yref", y + " domain"),
                ("x", 0),
                ("y", 1.12), ("xanchor", "left"), ("showarrow", false)));
        }

        layout.With(("shapes", shapes.ToArray()), ("annotations", notes.ToArray()));
        if (grid.Charts.Any(chart => chart.Type == Chart.Kind.Histogram))
            layout.With(("barmode", "overlay"));
        else if (grid.Charts.Any(chart => chart is { Type: Chart.Kind.Bars, Stacked: true }))
            layout.With(("barmode", "relative"));
        return Figure(traces, layout);
    }

    private static GenericChart Figure(IEnumerable<Trace> traces, Layout layout) => GenericChart.NewMultiChart(
        ListModule.OfSeq(traces), layout, new Config().With(("responsive", true), ("displaylogo", false)), new DisplayOptions());

    private static Layout Layout(string title, double width, double height) => new Layout().With(
        ("title", Title(title).With(("x", 0.02), ("xanchor", "left"))), ("width", width), ("height", height),
        ("margin", new Margin().With(("l", 60), ("r", 20), ("t", 60), ("b", 50))),
        ("paper_bgcolor", Palette.LightPaper), ("plot_bgcolor", Palette.LightPaper),
        ("font", new Font().With(("color", Palette.LightInk))), ("hovermode", "closest"));

    private static Title Title(string text) => new Title().With(("text", PlotlyText.Of(text)));

    private static LinearAxis XAxis(Chart chart) => chart.Horizontal
        ? Axis(chart.Y, chart.Y.Label, names: null)
        : Axis(chart.X, chart.X.Label, chart.X.Categories);

    private static LinearAxis YAxis(Chart chart) => chart.Type == Chart.Kind.Heatmap
        ? Axis(null, chart.Y.Label, chart.Y.Categories).With(("autorange", "reversed"))
        : chart.Horizontal
            ? Axis(chart.X, chart.X.Label, chart.X.Categories).With(("autorange", "reversed"))
            : Axis(chart.Y, chart.Y.Label, chart.Y.Categories);

    // The range of a heat map's y axis is that of its shades, so it has no settings for the axis.
    private static LinearAxis Axis(AxisSettings? settings, string label, IReadOnlyList<string>? names)
    {
        var axis = new LinearAxis().With(
            ("title", Title(label)), ("gridcolor", Palette.LightGrid), ("zeroline", false), ("automargin", true),
            // Cells are numbered, because two tokens of a sentence may have the same text.
            ("tickvals", names is null ? null : Enumerable.Range(0, names.Count).ToArray()),
                ("ticktext", names?.Select(PlotlyText.Of).ToArray()));
        if (settings is null)
            return axis;

        axis.With(
            ("showticklabels", settings.Hidden ? false : null), ("type", settings.Log ? "log" : null),
            ("tickformat", settings.Format == AxisFormat.Percent ? ".0%" : null));
        if (settings is { Min: { } min, Max: { } max } && (!settings.Log || min > 0))
            axis.With(("range", settings.Log ? new[] { Math.Log10(min), Math.Log10(max) } : [min, max]));
        return axis;
    }

    private static LinearAxis Place(LinearAxis axis, string anchor, int index, int count, bool fromTop)
    {
        var (size, gap) = (1.0 / count, 0.14 / count);
        var (start, margin) = (fromTop ? 1 - (index + 1) * size : index * size, fromTop ? gap : gap / 2);
        return axis.With(("domain", new[] { start + margin, start + size - margin }), ("anchor", anchor));
    }

    private static IEnumerable<Shape> Shapes(Chart chart, string x, string y)
    {
        foreach (var note in chart.Annotations.Where(note => !note.IsPoint))
        {
            var line = new Line().With(("color", Palette.LightMuted), ("dash", "dash"), ("width", 1.3));
            if (note.IsRegion)
                yield return Across("rect", x, y + " domain", note.X, note.XEnd, 0, 1).With(
                    ("fillcolor", Palette.LightMuted), ("opacity", 0.12), ("line", new Line().With(("width", 0))));
            else if (note.IsLevel && !chart.Horizontal)
                yield return Across("line", x + " domain", y, 0, 1, note.Y, note.Y).With(("line", line));
            else if (note.IsLevel)
                yield return Across("line", x, y + " domain", note.Y, note.Y, 0, 1).With(("line", line));
            else
                yield return Across("line", x, y + " domain", note.X, note.X, 0, 1).With(("line", line));
        }

        static Shape Across(string type, string x, string y, double x0, double x1, double y0, double y1) => new Shape().With(
            ("type", type), ("xref", x), ("yref", y), ("x0", x0), ("x1", x1), ("y0", y0), ("y1", y1));
    }

    private static IEnumerable<Annotation> Notes(Chart chart, string x, string y)
    {
        foreach (var note in chart.Annotations)
        {
            // Plotly places annotations on a logarithmic axis by the logarithm.
            var (px, py) = (chart.X.Log ? Math.Log10(note.X) : note.X, chart.Y.Log ? Math.Log10(note.Y) : note.Y);
            var level = note.IsLevel && !note.IsPoint;
            if (!double.IsFinite(level ? py : px))
                continue;

            var annotation = new Annotation().With(("text", PlotlyText.Of(note.Text)), ("showarrow", note.IsPoint));
            yield return note.IsPoint
                ? annotation.With(("xref", x), ("yref", y), ("x", px), ("y", py), ("xanchor", "left"))
                : level && !chart.Horizontal
                    ? annotation.With(("xref", x + " domain"), ("yref", y), ("x", 1), ("y", py), ("xanchor", "right"),
                        ("yanchor", "bottom"))
                    : annotation.With(("xref", x), ("yref", y + " domain"), ("x", level ? py : px), ("y", 1), ("xanchor", "left"));
        }
    }
}
