using System.Text.Json.Nodes;
using Mezcla.Charts;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Plotly.NET;
using Plotly.NET.CSharp;
using Chart = Mezcla.Charts.Chart;

namespace Mezcla.Interactive.Tests;

/// <summary>The course's charts as charts of Plotly.NET, and how notebooks show these.</summary>
public sealed class PlotlyTests
{
    [Fact]
    public void A_chart_keeps_its_data_its_axes_and_its_words()
    {
        var figure = Figure(Chart.Lines(title: "t<b>", x: "step", y: "loss").Add("dense", [1, 2, 3], [5.5, double.NaN, 2]).LogY()
            .ToPlotly());
        var trace = figure["data"]![0]!;
        Assert.Equal("[5.5,null,2]", Numbers(trace["y"]!));
        Assert.Equal("scatter", trace["type"]!.GetValue<string>());
        Assert.Equal("log", figure["layout"]!["yaxis"]!["type"]!.GetValue<string>());
        Assert.Equal("step", figure["layout"]!["xaxis"]!["title"]!["text"]!.GetValue<string>());
        Assert.Equal("t&lt;b&gt;", figure["layout"]!["title"]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void Bars_bins_and_shades_are_what_they_are_in_the_picture()
    {
        var bars = Figure(Chart.Bars(stacked: true).Add("a", ["x", "y"], [1, 2]).ToPlotly());
        Assert.Equal("relative", bars["layout"]!["barmode"]!.GetValue<string>());
        Assert.Equal("[\"x\",\"y\"]", bars["data"]![0]!["x"]!.ToJsonString());
        var lying = Figure(Chart.Bars(horizontal: true).Add("a", ["x", "y"], [1, 2]).ToPlotly());
        Assert.Equal(("h", "[1,2]"), (lying["data"]![0]!["orientation"]!.GetValue<string>(), Numbers(lying["data"]![0]!["x"]!)));

        var bins = Figure(Chart.Histogram(bins: 2).Add("a", [0.0, 0.1, 1.0, 2.0]).ToPlotly())["data"]![0]!;
        Assert.Equal(4, bins["y"]!.AsArray().Sum(count => count!.GetValue<double>()));

        var heat = Figure(Chart.Heatmap(new[,] { { 1.0, -3 }, { double.NaN, 2 } }, diverging: true, rows: ["a", "b"]).ToPlotly());
        Assert.Equal((-3.0, 3.0), (heat["data"]![0]!["zmin"]!.GetValue<double>(), heat["data"]![0]!["zmax"]!.GetValue<double>()));
        Assert.Equal("[[1,-3],[null,2]]", Numbers(heat["data"]![0]!["z"]!));
        Assert.Equal("reversed", heat["layout"]!["yaxis"]!["autorange"]!.GetValue<string>());
        Assert.Equal("[\"a\",\"b\"]", heat["layout"]!["yaxis"]!["ticktext"]!.ToJsonString());
    }

    [Fact]
    public void The_legend_lists_each_name_once_and_a_spread_reaches_from_the_smallest_to_the_largest()
    {
        var banded = Figure(Chart.Lines().Band("fit", [1, 2], [1, 2], [2, 3]).Line("fit", [1, 2], [1.5, 2.5])
            .ToPlotly())["data"]!.AsArray();
        Assert.Equal([false, false, true], banded.Select(trace => trace!["showlegend"]!.GetValue<bool>()));
        var area = Figure(Chart.Areas().Add("a", [1, 2], [1.0, 2]).Add("b", [1, 2], [1.0, 2]).ToPlotly())["data"]!.AsArray();
        Assert.Equal([false, true, false, true], area.Select(trace => trace!["showlegend"]!.GetValue<bool>()));
        var spread = Figure(Chart.Scatter().Spread("dense", ["small", "large"], [[3.0, 3.5, 3.25], [2.0]])
            .ToPlotly())["data"]![0]!["error_y"]!;
        Assert.Equal(("[0.25,0]", "[0.25,0]"), (Numbers(spread["array"]!), Numbers(spread["arrayminus"]!)));
        var estimate = Figure(Chart.Scatter().Interval("b", ["x"], [0.5], [0.25], [1]).ToPlotly())["data"]![0]!;
        Assert.Equal(("[0.5]", "[0.25]"), (Numbers(estimate["y"]!), Numbers(estimate["error_y"]!["arrayminus"]!)));
        Assert.False(Figure(Chart.Scatter().Add("a", [1.0], [1.0]).HideY()
            .ToPlotly())["layout"]!["yaxis"]!["showticklabels"]!.GetValue<bool>());
    }

    [Fact]
    public void Notes_lines_and_ranges_stand_where_they_do_in_the_picture()
    {
        var layout = Figure(Chart.Lines().Add("a", [1.0, 100], [1.0, 10]).LogX().Note(10, 5, "here").Level(2, "base").Mark(3, "then")
            .Region(4, 5, "between").ToPlotly())["layout"]!;
        Assert.Equal(["line", "line", "rect"], layout["shapes"]!.AsArray().Select(shape => shape!["type"]!.GetValue<string>()));
        Assert.Equal(["here", "base", "then", "between"],
            layout["annotations"]!.AsArray().Select(note => note!["text"]!.GetValue<string>()));
        Assert.Equal((1.0, 5.0), (layout["annotations"]![0]!["x"]!.GetValue<double>(),
            layout["annotations"]![0]!["y"]!.GetValue<double>()));
        Assert.Equal(3.0, layout["shapes"]![1]!["x0"]!.GetValue<double>());
    }

    [Fact]
    public void Charts_of_a_grid_have_axes_of_their_own_and_share_a_legend()
    {
        Chart Pair(string title) => Chart.Lines(title).Add("a", [1, 2], [1, 2]).Add("b", [1, 2], [2, 1]);
        var figure = Figure(new ChartGrid([Pair("one"), Pair("two"), Pair("three")], columns: 2).ToPlotly());
        Assert.Equal(["x", "x", "x2", "x2", "x3", "x3"], figure["data"]!.AsArray().Select(trace => trace!["xaxis"]!.GetValue<string>()));
        Assert.Equal(2, figure["data"]!.AsArray().Count(trace => trace!["showlegend"]!.GetValue<bool>()));
        Assert.Equal("y3", figure["layout"]!["xaxis3"]!["anchor"]!.GetValue<string>());
    }

    [Fact]
    public void A_student_can_go_on_styling()
    {
        var styled = Chart.Lines(x: "step").Add("a", [1, 2], [1, 2]).ToPlotly().WithSize(Width: 300)
            .WithXAxisStyle<double, double, string>(TitleText: "epoch");
        var layout = Figure(styled)["layout"]!;
        Assert.Equal((300, "epoch"), (layout["width"]!.GetValue<int>(), layout["xaxis"]!["title"]!["text"]!.GetValue<string>()));
        Assert.False(layout["xaxis"]!["zeroline"]!.GetValue<bool>());
    }

    [Fact]
    public void A_figure_is_what_plotly_net_itself_writes()
    {
        GenericChart[] charts =
        [
            Chart.Lines("t").Add("a", [1, 2], [1, double.NaN]).Level(1, "l").ToPlotly().WithSize(Width: 300),
            Plotly.NET.CSharp.Chart.Pie<int, string, string>(values: [1, 2], Labels: new[] { "a", "b" }),
            Plotly.NET.CSharp.Chart.Line<int, int, string>(x: [1, 2], y: [2, 1], LineColor: Color.fromString("red")),
            Plotly.NET.CSharp.Chart.Heatmap<double, int, int, string>(zData: [[1, 2], [3, 4]], ColorScale: StyleParam.Colorscale.Viridis),
        ];
        Assert.All(charts, chart => Assert.Equal(GenericChart.toJson(chart), Figures.PlotlyForm.ToJson(chart)));
    }

    [Fact]
    public async Task A_notebook_shows_a_figure_html_and_words()
    {
        using var engine = Courses.Engine();
        var ours = await Courses.Run(engine, "Chart.Lines(\"Loss\").Add(\"dense\", [1, 2], [2.0, 1.0]).ToPlotly()");
        Assert.Equal("Plotly chart \"Loss\": scatter \"dense\"", ours[MimeBundle.PlainText]);
        Assert.Equal("[2,1]", Numbers(JsonNode.Parse(ours[MimeBundle.Plotly]!)!["data"]![0]!["y"]!));
        Assert.Contains("mezclaDraw.all()", ours[MimeBundle.Html]);
        var theirs = await Courses.Run(engine,
            "Plotly.NET.CSharp.Chart.Pie<int, string, string>(values: [1, 2], Labels: new[] { \"a\", \"b\" })");
        Assert.Equal("Plotly chart: pie", theirs[MimeBundle.PlainText]);
    }

    [Fact]
    public void A_page_carries_the_library_once_and_only_if_it_has_a_chart()
    {
        var bundle = Figures.PlotlyForm.Of(Chart.Lines().Add("a", [1, 2], [1, 2]).ToPlotly());
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "chart");
        notebook.Cells.Add(cell);
        var options = new NotebookPageOptions { Libraries = [PlotlyLibrary.Script] };
        Assert.DoesNotContain("mezclaDraw", NotebookPage.Render(notebook, options));
        cell.Outputs.Add(new DisplayOutput(bundle));
        cell.Outputs.Add(new DisplayOutput(bundle));
        var page = NotebookPage.Render(notebook, options);
        Assert.Equal(2, page.Split("mezclaDraw.provide(").Length);
        Assert.InRange(page.Length, 1_000_000, 2_000_000);
        notebook.KeepEachPictureOnce();
        Assert.Equal([MimeBundle.Plotly, MimeBundle.PlainText], ((DisplayOutput)cell.Outputs[0]).Bundle.Data.Keys);
    }

    private static JsonNode Figure(GenericChart chart) => JsonNode.Parse(GenericChart.toJson(chart))!;

    private static string Numbers(JsonNode values) => values.ToJsonString().Replace(".0", "", StringComparison.Ordinal);
}
