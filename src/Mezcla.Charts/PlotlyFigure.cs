using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Charts;

/// <summary>The same chart as a Plotly figure: an object with <c>data</c> and <c>layout</c> (plotly.js figure
/// reference). A value that is not finite becomes null, which Plotly draws as a gap.</summary>
internal static class PlotlyFigure
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.Default };

    public static JsonObject Of(Chart chart)
    {
        var data = new JsonArray();
        foreach (var trace in Traces(chart, "", 0, legend: true))
            data.Add(trace);
        var layout = Layout(chart.Title, chart.Width, chart.Height ?? 380);
        layout["xaxis"] = XAxis(chart);
        layout["yaxis"] = YAxis(chart);
        layout["showlegend"] = ChartRenderer.Names(chart).Count > 1;
        if (chart.Type == Chart.Kind.Bars)
            layout["barmode"] = chart.Stacked ? "relative" : "group";
        if (chart.Type == Chart.Kind.Histogram)
            (layout["barmode"], layout["bargap"]) = ("overlay", 0.02);
        layout["shapes"] = Shapes(chart, "x", "y");
        layout["annotations"] = Notes(chart, "x", "y");
        return Figure(data, layout);
    }

    public static JsonObject Of(ChartGrid grid)
    {
        var data = new JsonArray();
        var layout = Layout(grid.Title, grid.Width, 90 + 230.0 * grid.Rows);
        var (shapes, notes, named) = (new JsonArray(), new JsonArray(), new HashSet<string>());
        for (var i = 0; i < grid.Charts.Count; i++)
        {
            var (chart, number) = (grid.Charts[i], i == 0 ? "" : NumberText.Plain(i + 1).Replace(",", ""));
            var (column, row) = (i % grid.Columns, i / grid.Columns);
            foreach (var trace in Traces(chart, number, i, legend: false))
            {
                var edge = trace["hoverinfo"] is not null && trace["fill"] is null;
                if (!edge && ChartRenderer.Names(chart).Count > 1 && named.Add(trace["name"]?.GetValue<string>() ?? ""))
                    trace["showlegend"] = true;
                data.Add(trace);
            }
            layout["xaxis" + number] = Place(XAxis(chart), "y" + number, column, grid.Columns, fromTop: false);
            layout["yaxis" + number] = Place(YAxis(chart), "x" + number, row, grid.Rows, fromTop: true);
            foreach (var shape in Shapes(chart, "x" + number, "y" + number))
                shapes.Add(shape!.DeepClone());
            foreach (var note in Notes(chart, "x" + number, "y" + number))
                notes.Add(note!.DeepClone());
            notes.Add(
                new JsonObject
                {
                    ["text"] = Text(chart.Title),
                    ["xref"] = $"x{number} domain",
                    ["yref"] = $"y{number} domain",
                    ["x"] = 0,
                    ["y"] = 1.12,
                    ["xanchor"] = "left",
                    ["showarrow"] = false
                });
        }
        (layout["shapes"], layout["annotations"]) = (shapes, notes);
        if (grid.Charts.Any(c => c.Type == Chart.Kind.Histogram))
            layout["barmode"] = "overlay";
        else if (grid.Charts.Any(c => c is { Type: Chart.Kind.Bars, Stacked: true }))
            layout["barmode"] = "relative";
        return Figure(data, layout);
    }

    private static JsonObject Figure(JsonArray data, JsonObject layout) =>
        new() { ["config"] = new JsonObject { ["responsive"] = true, ["displaylogo"] = false }, ["data"] = data, ["layout"] = layout };

    private static IEnumerable<JsonObject> Traces(Chart chart, string axis, int part, bool legend)
    {
        var names = ChartRenderer.Names(chart);
        var histogram = chart.Type == Chart.Kind.Histogram ? Histogram.Of(chart) : null;
        var counted = 0;
        foreach (var series in chart.Series)
        {
            var index = chart.ColourOf(series.Name, names);
            var color = Palette.Light[index % Palette.Count];
            // The legend lists each name once, with its line or points and not with the band around them.
            var first = chart.Series.Where(s => s.Name == series.Name).OrderBy(s => s is BandSeries ? 1 : 0).First() == series;
            foreach (var trace in series switch
            {
                LineSeries line => [Curve(chart, line, color, dashed: index >= Palette.Count)],
                PointSeries points => [Cloud(chart, points, color)],
                SpreadSeries spread => [Spread(chart, spread, color)],
                BandSeries band => Band(chart, band, color),
                BarSeries bars => [Bars(chart, bars, color)],
                HistogramSeries => [Bins(histogram!, counted++, color)],
                HeatSeries heat => [Heat(chart, heat)],
                _ => Array.Empty<JsonObject>(),
            })
            {
                trace["name"] = Text(series.Name);
                trace["legendgroup"] = series.Name;
                if (series is not HeatSeries && trace["showlegend"] is null)
                    trace["showlegend"] = legend && first;
                if (axis.Length > 0 || part > 0)
                    (trace["xaxis"], trace["yaxis"]) = ("x" + axis, "y" + axis);
                yield return trace;
            }
        }
    }

    private static JsonObject Curve(Chart chart, LineSeries line, string color, bool dashed) => new()
    {
        ["type"] = "scatter",
        ["mode"] = line.Markers ? "lines+markers" : "lines",
        ["x"] = Xs(chart, line.X),
        ["y"] = Numbers(line.Y),
        ["line"] = new JsonObject { ["color"] = color, ["width"] = 2, ["dash"] = dashed ? "dash" : "solid" },
    };

    private static JsonObject Cloud(Chart chart, PointSeries points, string color)
    {
        var trace = new JsonObject
        {
            ["type"] = "scatter",
            ["mode"] = "markers",
            ["x"] = Xs(chart, points.X),
            ["y"] = Numbers(points.Y),
            ["marker"] = new JsonObject { ["color"] = color, ["size"] = points.X.Length > 300 ? 4 : 8 },
        };
        if (points.Texts is { } texts)
            trace["text"] = new JsonArray([.. texts.Select(t => (JsonNode)Text(t))]);
        return trace;
    }

    private static JsonObject Spread(Chart chart, SpreadSeries spread, string color)
    {
        var (trace, means) = (Cloud(chart, new(spread.Name, spread.X, spread.Means, null), color), spread.Means);
        trace["error_y"] = new JsonObject
        {
            ["type"] = "data",
            ["symmetric"] = false,
            ["array"] = Numbers([.. spread.Runs.Select((r, i) => r.Max() - means[i])]),
            ["arrayminus"] = Numbers([.. spread.Runs.Select((r, i) => means[i] - r.Min())]),
        };
        return trace;
    }

    private static JsonObject[] Band(Chart chart, BandSeries band, string color)
    {
        // A band is drawn as two edges; the area from the second down to the first is filled.
        JsonObject Edge(double[] ys) => new()
        {
            ["type"] = "scatter",
            ["mode"] = "lines",
            ["x"] = Xs(chart, band.X),
            ["y"] = Numbers(ys),
            ["line"] = new JsonObject { ["color"] = color, ["width"] = 0 },
            ["hoverinfo"] = "skip",
        };
        var (low, high) = (Edge(band.Low), Edge(band.High));
        low["showlegend"] = false;
        high["fill"] = "tonexty";
        high["fillcolor"] = color + (band.Layer ? "d9" : "38");
        return [low, high];
    }

    private static JsonObject Bars(Chart chart, BarSeries bars, string color)
    {
        var names = new JsonArray([.. chart.X.Categories!.Take(bars.Values.Length).Select(c => (JsonNode)Text(c))]);
        var (along, value) = chart.Horizontal ? ("y", "x") : ("x", "y");
        return new()
        {
            ["type"] = "bar",
            [along] = names,
            [value] = Numbers(bars.Values),
            ["orientation"] = chart.Horizontal ? "h" : "v",
            ["marker"] = new JsonObject { ["color"] = color }
        };
    }

    private static JsonObject Bins(Histogram histogram, int series, string color)
    {
        var edges = histogram.Edges;
        return new()
        {
            ["type"] = "bar",
            ["x"] = Numbers([.. edges.Skip(1).Select((e, i) => (e + edges[i]) / 2)]),
            ["width"] = Numbers([.. edges.Skip(1).Select((e, i) => e - edges[i])]),
            ["y"] = Numbers([.. histogram.Counts[series].Select(c => (double)c)]),
            ["opacity"] = histogram.Counts.Length > 1 ? 0.6 : 1,
            ["marker"] = new JsonObject { ["color"] = color },
        };
    }

    private static JsonObject Heat(Chart chart, HeatSeries heat)
    {
        var (low, high) = HeatmapPainter.Range(chart);
        var rows = new JsonArray();
        for (var i = 0; i < heat.Values.GetLength(0); i++)
            rows.Add(Numbers([.. Enumerable.Range(0, heat.Values.GetLength(1)).Select(j => heat.Values[i, j])]));
        JsonArray Stop(double at, string color) => new((JsonNode)at, (JsonNode)color);
        return new()
        {
            ["type"] = "heatmap",
            ["z"] = rows,
            ["zmin"] = low,
            ["zmax"] = high,
            ["colorscale"] = chart.Diverging
                ? new JsonArray(Stop(0, Palette.LightCold), Stop(0.5, Palette.LightPaper), Stop(1, Palette.LightHeat))
                : new JsonArray(Stop(0, Palette.LightPaper), Stop(1, Palette.LightHeat)),
        };
    }

    private static JsonObject Layout(string title, double width, double height) => new()
    {
        ["title"] = new JsonObject { ["text"] = Text(title), ["x"] = 0.02, ["xanchor"] = "left" },
        ["width"] = width,
        ["height"] = height,
        ["margin"] = new JsonObject { ["l"] = 60, ["r"] = 20, ["t"] = 60, ["b"] = 50 },
        ["paper_bgcolor"] = Palette.LightPaper,
        ["plot_bgcolor"] = Palette.LightPaper,
        ["font"] = new JsonObject { ["color"] = Palette.LightInk },
        ["hovermode"] = "closest",
    };

    private static JsonObject XAxis(Chart chart) => chart.Horizontal
        ? Axis(chart.Y, chart.Y.Label, names: null, reversed: false)
        : Axis(chart.X, chart.X.Label, chart.X.Categories, reversed: false);

    private static JsonObject YAxis(Chart chart) => chart.Horizontal
        ? Axis(chart.X, chart.X.Label, chart.X.Categories, reversed: true)
        : Axis(chart.Type == Chart.Kind.Heatmap ? new AxisSettings { Format = chart.Y.Format } : chart.Y, chart.Y.Label, chart.Y.Categories,
            reversed: chart.Type == Chart.Kind.Heatmap);

    private static JsonObject Axis(AxisSettings axis, string label, List<string>? names, bool reversed)
    {
        var json = new JsonObject
        {
            ["title"] = new JsonObject { ["text"] = Text(label) },
            ["gridcolor"] = Palette.LightGrid,
            ["zeroline"] = false,
            ["automargin"] = true
        };
        if (names is not null)
        {
            // Cells are numbered, because two tokens of a sentence may have the same text.
            json["tickvals"] = new JsonArray([.. Enumerable.Range(0, names.Count).Select(i => (JsonNode)i)]);
            json["ticktext"] = new JsonArray([.. names.Select(n => (JsonNode)Text(n))]);
        }
        if (axis.Hidden)
            json["showticklabels"] = false;
        if (axis.Log)
            json["type"] = "log";
        if (axis.Format == AxisFormat.Percent)
            json["tickformat"] = ".0%";
        if (axis.Min is { } min && axis.Max is { } max && (!axis.Log || min > 0))
            json["range"] = axis.Log ? new JsonArray(Math.Log10(min), Math.Log10(max)) : new JsonArray(min, max);
        if (reversed)
            json["autorange"] = "reversed";
        return json;
    }

    private static JsonObject Place(JsonObject axis, string anchor, int index, int count, bool fromTop)
    {
        var (size, gap) = (1.0 / count, 0.14 / count);
        var start = fromTop ? 1 - (index + 1) * size : index * size;
        axis["domain"] = new JsonArray(start + (fromTop ? gap : gap / 2), start + size - (fromTop ? gap : gap / 2));
        axis["anchor"] = anchor;
        return axis;
    }

    private static JsonArray Shapes(Chart chart, string x, string y)
    {
        var shapes = new JsonArray();
        foreach (var note in chart.Annotations.Where(a => !a.IsPoint))
        {
            var line = new JsonObject { ["color"] = Palette.LightMuted, ["dash"] = "dash", ["width"] = 1.3 };
            if (note.IsRegion)
                shapes.Add(
                    new JsonObject
                    {
                        ["type"] = "rect",
                        ["xref"] = x,
                        ["yref"] = y + " domain",
                        ["x0"] = note.X,
                        ["x1"] = note.XEnd,
                        ["y0"] = 0,
                        ["y1"] = 1,
                        ["fillcolor"] = Palette.LightMuted,
                        ["opacity"] = 0.12,
                        ["line"] = new JsonObject { ["width"] = 0 }
                    });
            else if (note.IsLevel && !chart.Horizontal)
                shapes.Add(
                    new JsonObject
                    {
                        ["type"] = "line",
                        ["xref"] = x + " domain",
                        ["yref"] = y,
                        ["x0"] = 0,
                        ["x1"] = 1,
                        ["y0"] = note.Y,
                        ["y1"] = note.Y,
                        ["line"] = line
                    });
            else
                shapes.Add(
                    new JsonObject
                    {
                        ["type"] = "line",
                        ["xref"] = x,
                        ["yref"] = y + " domain",
                        ["x0"] = note.IsLevel ? note.Y : note.X,
                        ["x1"] = note.IsLevel ? note.Y : note.X,
                        ["y0"] = 0,
                        ["y1"] = 1,
                        ["line"] = line
                    });
        }
        return shapes;
    }

    private static JsonArray Notes(Chart chart, string x, string y)
    {
        var notes = new JsonArray();
        foreach (var note in chart.Annotations)
        {
            // Plotly places annotations on a logarithmic axis by the logarithm.
            var (px, py) = (chart.X.Log ? Math.Log10(note.X) : note.X, chart.Y.Log ? Math.Log10(note.Y) : note.Y);
            var level = note.IsLevel && !note.IsPoint;
            var across = level && chart.Horizontal;
            if (!double.IsFinite(level ? py : px))
                continue;
            var annotation = new JsonObject
            {
                ["text"] = Text(note.Text),
                ["showarrow"] = note.IsPoint,
                ["xref"] = x,
                ["yref"] = y + " domain",
                ["x"] = across ? py : px,
                ["y"] = 1,
                ["xanchor"] = "left"
            };
            if (note.IsPoint)
                (annotation["yref"], annotation["y"]) = (y, py);
            else if (level && !across)
                (annotation["xref"], annotation["yref"], annotation["x"], annotation["y"], annotation["xanchor"], annotation["yanchor"]) =
                    (x + " domain", y, 1, py, "right", "bottom");
            notes.Add(annotation);
        }
        return notes;
    }

    private static JsonArray Xs(Chart chart, double[] xs) =>
        chart.X.Categories is null ? Numbers(xs) : new JsonArray([.. xs.Select(x => (JsonNode?)(int)x)]);

    private static JsonArray Numbers(double[] values) =>
        new([.. values.Select(v => double.IsFinite(v) ? (JsonNode?)JsonValue.Create(v) : null)]);

    /// <summary>Escapes a text, because Plotly interprets some tags in texts and data must not be read as tags.</summary>
    private static string Text(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
