using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Mezcla.Charts.Tests;

public partial class ChartTests
{
    private static readonly XNamespace Ns = "http://www.w3.org/2000/svg";

    public static IEnumerable<Chart> Kinds()
    {
        double[] xs = [1, 2, 3, 4], ys = [4, 2, double.NaN, 3];
        yield return Chart.Lines(title: "a < b & \"c\"", x: "<x>", y: "y'").Add("one & two", xs, ys).Add("<script>", xs, ys)
            .Level(2, "<level>").Mark(2, "m").Region(1, 2, "r").Note(2, 2, "n").Band("one & two", xs, ys, xs);
        yield return Chart.Scatter().Add("p", xs, ys).Line("fit", xs, ys).LogLog();
        yield return Chart.Bars(title: "t").Add("a", ["x", "<y>"], [1, -2]).Add("b", ["<y>", "z"], [3.5, 4]);
        yield return Chart.Bars(stacked: true).Add("a", ["x", "y"], [1, -2]).Add("b", ["x", "y"], [3.5f, -4f]).Level(2, "two");
        yield return Chart.Bars(horizontal: true).Add("a", ["x", "y"], [1, 2]).Level(1.5, "l");
        yield return Chart.Areas().Add("a", xs, ys).Add("b", xs, xs);
        yield return Chart.Histogram().Add("a", ys).Add("b", xs);
        yield return Chart.Heatmap(new[,] { { 1.0, double.NaN }, { -3, 4 } }, title: "h", rows: ["a", "<b>"], columns: ["a", "a"],
            diverging: true, showValues: true);
        yield return Chart.Heatmap(new float[200, 300]);
        yield return Chart.Heatmap(new int[0, 0]);
        yield return Chart.Lines();
        yield return Chart.Histogram();
        yield return Chart.Bars();
    }

    [Fact]
    public void A_spread_shows_mean_smallest_and_largest()
    {
        var chart = Chart.Scatter("Loss", y: "nats").Spread("dense", ["small", "large"], [[3.0, 3.5, 3.25], [2.0]])
            .Spread("mixture", ["small", "large"], [[2.9, 3.0], [1.5, 1.7]]);
        Assert.Contains("dense: small, mean 3.25, 3 to 3.5 in 3 runs", chart.ToSvg());
        Assert.Contains("small: 2.9 to 3, mean 2.95, large: 1.5 to 1.7, mean 1.6", chart.ToText());
        Assert.Contains("has no runs", Assert.Throws<ArgumentException>(() => Chart.Lines().Spread("a", [1], [[]])).Message);
        Assert.Throws<ArgumentException>(() => Chart.Lines().Spread("a", [1, 2], [[1.0]]));
        Assert.Contains("use Chart.Scatter", Assert.Throws<ArgumentException>(() => Chart.Bars().Spread("a", [1], [[1.0]])).Message);
    }

    [Fact]
    public void An_interval_has_its_dot_at_the_estimate()
    {
        var chart = Chart.Scatter(y: "a").Interval("fit", ["first", "second"], [0.5, 0.4], [0.1, 0.35], [0.6, 0.75]);
        Assert.Contains("fit: first, 0.5, 0.1 to 0.6<", chart.ToSvg());
        Assert.Contains("second: 0.4, interval from 0.35 to 0.75", chart.ToText());
        Assert.Throws<ArgumentException>(() => Chart.Scatter().Interval("fit", ["a"], [1, 2], [1, 2], [1, 2]));
        Assert.Throws<ArgumentException>(() => Chart.Scatter().Interval("fit", ["a"], [1], [1], [1, 2]));
    }

    [Fact]
    public void A_note_adds_no_ring_to_a_mark_and_keeps_off_the_line()
    {
        static XDocument Svg(Chart chart) => XDocument.Parse(chart.Note(2, 2, "here").ToSvg());
        var alone = Svg(Chart.Lines().Add("a", [1.0, 2, 3], [1.0, 2, 3]));
        Assert.Single(alone.Descendants(Ns + "circle"), c => c.Attribute("r")?.Value == "4.5");
        var marked = Svg(Chart.Lines(markers: true).Add("a", [1.0, 2, 3], [1.0, 2, 3]));
        Assert.DoesNotContain(marked.Descendants(Ns + "circle"), c => c.Attribute("r")?.Value == "4.5");
        // The line runs from the lower left to the upper right, so the text stands at the upper left or the lower right.
        static double X(XDocument svg) =>
            double.Parse(svg.Descendants(Ns + "text").Single(t => t.Value == "here").Attribute("x")!.Value, CultureInfo.InvariantCulture);
        Assert.True(X(alone) < X(Svg(Chart.Lines().Add("a", [1.0, 2, 3], [3.0, 2, 1]))));
    }

    [Fact]
    public void The_name_of_a_level_keeps_off_intervals()
    {
        static double Height(double low)
        {
            var chart = Chart.Scatter().Spread("a", [9.5], [[1.4, 1.75, low]]).XRange(0, 10).YRange(0, 2).Level(1, "a rather long name");
            return double.Parse(XDocument.Parse(chart.ToSvg()).Descendants(Ns + "text").Single(t => t.Value == "a rather long name")
                .Attribute("y")!.Value, CultureInfo.InvariantCulture);
        }

        // The name stands above the line, and below it where an interval reaches down almost to the line.
        Assert.True(Height(1.05) > Height(1.4));
    }

    [Fact]
    public void The_last_word_of_a_title_is_not_alone_on_its_line()
    {
        Assert.Equal(["aaaa bbbb", "cccc dd"], Svg.Wrap("aaaa bbbb cccc dd", Svg.WidthOf("aaaa bbbb cccc", 16) + 1, 16));
        Assert.Equal(["aaaa", "bbbb"], Svg.Wrap("aaaa bbbb", Svg.WidthOf("aaaa", 16) + 1, 16));
    }

    [Fact]
    public void A_level_can_be_seen_on_bars_that_lie()
    {
        static bool HasGround(Chart chart) => XDocument.Parse(chart.Level(1, "rule").ToSvg()).Descendants(Ns + "path")
            .Any(p => p.Attribute("class")?.Value == "ps" && p.Attribute("stroke-width")?.Value == "3");
        Assert.True(HasGround(Chart.Bars(horizontal: true).Add("a", ["x"], [2.0])));
        Assert.True(HasGround(Chart.Bars(stacked: true).Add("a", ["x"], [2.0])));
        // On upright bars the ground would cut through the values that stand above them.
        Assert.False(HasGround(Chart.Bars().Add("a", ["x"], [2.0])));
    }

    [Fact]
    public void A_series_keeps_the_colour_that_it_is_given()
    {
        var chart = Chart.Lines().Add("expert 4", [1, 2], [1, 2]).Add("expert 1", [1, 2], [2, 1])
            .Colour("expert 4", 4).Colour("expert 1", 1);
        Assert.Contains($"stroke=\"{Palette.Light[4]}\"", chart.ToSvg());
        Assert.DoesNotContain($"\"{Palette.Light[0]}\"", chart.ToSvg());
        Assert.Equal((Palette.Light[4], false), (chart.ColourOf("expert 4"), chart.IsDashed("expert 4")));
        Assert.Throws<ArgumentOutOfRangeException>(() => chart.Colour("expert 1", -1));
    }

    [Fact]
    public void Every_kind_is_well_formed_in_every_form()
    {
        foreach (var chart in Kinds())
            Check(chart.ToMimeBundle());
        Check(new ChartGrid(Kinds(), columns: 4, title: "all of them").ToMimeBundle());
        Check(new ChartGrid([], title: "none").ToMimeBundle());
    }

    [Property(MaxTest = 60)]
    public FsCheck.Property Whatever_the_numbers_the_picture_is_well_formed()
    {
        var value = Gen.Frequency<double>(
            (4, Gen.Choose(-1000, 1000).Select(i => i / 7.0)),
            (1, Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue, double.Epsilon,
                0, -0.0, 1e-308, 1e18)));
        return Prop.ForAll(Gen.ArrayOf(value).ToArbitrary(), ys =>
        {
            foreach (var log in new[] { false, true })
            {
                Chart Log(Chart chart) => log ? chart.LogLog() : chart;
                Chart LogValues(Chart bars) => log ? bars.LogY() : bars;
                Check(Log(Chart.Lines().Add("a", ys)).ToMimeBundle());
                Check(Log(Chart.Scatter().Add("a", ys, ys)).ToMimeBundle());
                Check(Log(Chart.Histogram().Add("a", ys)).ToMimeBundle());
                Check(Log(Chart.Areas().Add("a", ys)).ToMimeBundle());
                Check(LogValues(Chart.Bars(stacked: log).Add("a", ys.Select((_, i) => $"c{i}"), ys)).ToMimeBundle());
            }
            var table = new double[1, ys.Length];
            for (var i = 0; i < ys.Length; i++)
                table[0, i] = ys[i];
            Check(Chart.Heatmap(table, diverging: ys.Length % 2 == 0).ToMimeBundle());
        });
    }

    [Fact]
    public void A_gap_lifts_the_pen_and_a_point_alone_is_still_seen()
    {
        var svg = Chart.Lines().Add("a", [1, 2, double.NaN, 4, double.NaN, 6, 7.0]).ToSvg();
        Assert.Matches(@"<path d=""M[^ML""]* [^ML""]*L[^ML""]*M[^ML""]*L[^ML""]*"" class=""s0""", svg);
        Assert.Single(XDocument.Parse(svg).Descendants(Ns + "circle"));
    }

    [Fact]
    public void The_values_of_bars_are_on_the_y_axis_also_where_they_lie()
    {
        Chart Lying() => Chart.Bars(horizontal: true).Add("bytes", ["a", "b"], [1.0, 1000]);
        Assert.Contains("LogY", Assert.Throws<InvalidOperationException>(() => Lying().LogX()).Message);
        Assert.Contains("y axis is logarithmic", Lying().LogY().ToText());
    }

    [Fact]
    public void All_bars_have_their_values_or_none_has()
    {
        static string[] Values(params double[] values) =>
            [.. XDocument.Parse(Chart.Bars().Add("a", Enumerable.Range(0, values.Length), values).ToSvg())
                .Descendants(Ns + "text").Where(t => t.Attribute("class")?.Value == "ha").Select(t => t.Value)];
        double[] twenty = [.. Enumerable.Repeat(4e6, 20)];
        Assert.Equal(20, Values(twenty).Length);
        Assert.Empty(Values([.. twenty, 1.234e6]));
        // What is too short to be seen decides nothing.
        Assert.Equal(20, Values([.. twenty, 1.234e-6]).Length);
    }

    [Fact]
    public void The_value_of_a_hanging_bar_stands_above_the_axis()
    {
        var svg = XDocument.Parse(Chart.Bars().Add("a", ["x", "y"], [0.5, -0.44]).ToSvg());
        var label = svg.Descendants(Ns + "text").Single(t => t.Value == "−0.44");
        var axis = svg.Descendants(Ns + "g").Single(g => g.Attribute("class")?.Value == "ax").Elements().First().Attribute("d")!.Value;
        Assert.True(double.Parse(label.Attribute("y")!.Value) < double.Parse(axis[(axis.LastIndexOf(' ') + 1)..]) - 2, axis);
    }

    [Fact]
    public void Heights_that_only_keep_series_apart_have_no_numbers()
    {
        Chart Rows() => Chart.Scatter().Add("a", [10.0, 20], [1.0, 1]).Add("b", [10.0, 20], [2.0, 2]);
        Assert.Contains(">2<", Rows().ToSvg());
        Assert.DoesNotContain(">2<", Rows().HideY().ToSvg());
    }

    [Fact]
    public void Thinning_keeps_the_extremes()
    {
        var ys = Enumerable.Range(0, 200_000).Select(i => Math.Sin(i / 5000.0)).ToArray();
        ys[123_456] = 50;
        var svg = Chart.Lines().Add("a", ys).ToSvg();
        Assert.True(svg.Length < 80_000, $"{svg.Length} characters");
        var top = PathNumbers().Match(svg).Groups["d"].Value.Split('M', 'L').Where(p => p.Length > 0)
            .Min(p => double.Parse(p.Split(' ')[1]));
        var ordinary = Chart.Lines().Add("a", ys.Select(y => Math.Min(y, 1))).YRange(-1.0, 52.55).ToSvg();
        Assert.True(top < PathNumbers().Match(ordinary).Groups["d"].Value.Split('M', 'L').Where(p => p.Length > 0)
            .Min(p => double.Parse(p.Split(' ')[1])) - 100);
    }

    [Fact]
    public void Empty_charts_say_so()
    {
        Assert.Contains("No data to draw", Chart.Lines().ToSvg());
        Assert.Contains("There are no data", Chart.Lines().ToText());
        Assert.Contains("No data to draw", Chart.Lines().Add("a", [-1.0, 0]).LogY().ToSvg());
    }

    [Fact]
    public void What_cannot_be_drawn_is_counted() =>
        Assert.Contains("2 that cannot be drawn left out", Chart.Lines().Add("a", [1.0, 0, -3, 5]).LogY().ToText());

    [Fact]
    public void The_description_gives_ends_and_lowest()
    {
        var text = Chart.Lines(x: "step", y: "loss").Add("dense", [10, 20, 30], [5.5, 2.0, 2.25]).ToText();
        Assert.Contains("Line chart of loss against step. dense: 3 points, from 5.5 at 10 to 2.25 at 30, lowest 2 at 20.", text);
        Assert.Equal("said", XDocument.Parse(Chart.Lines().Describe("said").ToSvg()).Root!.Element(Ns + "desc")!.Value);
    }

    [Fact]
    public void Series_that_do_not_fit_are_refused_by_name()
    {
        Assert.Contains("dense: 3 x values and 2 others",
            Assert.Throws<ArgumentException>(() => Chart.Lines().Add("dense", [1, 2, 3], [1.0, 2])).Message);
        Assert.Throws<ArgumentException>(() => Chart.Histogram().Add("h", [1], [2]));
        Assert.Throws<ArgumentException>(() => Chart.Heatmap(new double[2, 2], rows: ["one"]));
        Assert.Throws<ArgumentException>(() => Chart.Areas().Add("a", [1, 2], [1, 2]).Add("b", [1, 3], [1, 2]));
    }

    [Property]
    public bool A_histogram_counts_every_value_once(int[] values, byte bins, bool log)
    {
        var chart = Chart.Histogram(bins: bins).Add("a", values.Select(v => v / 3.0)).Add("b", values);
        if (log)
            chart.LogX();
        var histogram = Histogram.Of(chart);
        var drawable = values.Count(v => !log || v > 0);
        return histogram.Counts.All(c => c.Sum() == drawable) && histogram.Edges.SequenceEqual(histogram.Edges.Order());
    }

    [Fact]
    public void A_histogram_counts_as_a_person_does()
    {
        var histogram = Histogram.Of(Chart.Histogram(bins: 20).Add("a", [1, 1, 2, 5]));
        Assert.Equal([0.5, 1.5, 2.5, 3.5, 4.5, 5.5], histogram.Edges);
        Assert.Equal([2, 1, 0, 0, 1], histogram.Counts[0]);
    }

    [Fact]
    public void Marks_at_the_ends_of_an_axis_are_whole_and_those_beyond_are_not_drawn()
    {
        var svg = XDocument.Parse(Chart.Lines(markers: true).Add("a", [0, 1, 2, 3], [1, 2, 3, 4]).XRange(0, 2).ToSvg());
        var marks = svg.Descendants(Ns + "path")
            .Where(path => path.Attribute("d")!.Value.Contains("a3.6 3.6", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, marks.Count);
        Assert.All(marks, mark => Assert.Null(mark.Ancestors().FirstOrDefault(g => g.Attribute("clip-path") is not null)));
    }

    [Fact]
    public void Only_series_with_a_value_in_a_category_stand_side_by_side()
    {
        // The first path of the first series is the vertical line of its interval: "M120 40L120 200".
        static double Middle(Chart chart) => double.Parse(XDocument.Parse(chart.ToSvg()).Descendants(Ns + "g")
            .First(g => g.Attribute("class")?.Value == "g g0").Element(Ns + "path")!.Attribute("d")!.Value.Split(' ')[0][1..],
            CultureInfo.InvariantCulture);
        double[][] runs = [[1, 2]];
        var alone = Chart.Scatter().Spread("a", ["one"], runs).Spread("b", ["two"], runs);
        var together = Chart.Scatter().Spread("a", ["one"], runs).Spread("b", ["one", "two"], [[1, 2], [1, 2]]);
        Assert.True(Middle(together) < Middle(alone));
    }

    [Fact]
    public void The_names_of_levels_avoid_bars_and_lines()
    {
        var bars = XDocument.Parse(Chart.Bars().Add("", ["a", "b"], [1, 2]).Level(1, "limit").ToSvg());
        var right = bars.Descendants(Ns + "rect").Where(r => r.Element(Ns + "title") is not null)
            .Select(r => Number(r, "x") + Number(r, "width")).Max();
        Assert.True(Number(Name(bars), "x") > right);

        var lines = XDocument.Parse(Chart.Lines().Add("", [0, 1, 2, 3], [9, 9, 1.2, 1.1]).Level(1, "limit").ToSvg());
        Assert.True(Number(Name(lines), "x") < 330);

        XElement Name(XDocument svg) => svg.Descendants(Ns + "text").Single(text => text.Value == "limit");
        double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Values_of_bars_have_equally_many_decimals()
    {
        var svg = Chart.Bars().Add("", ["a", "b", "c"], [1.5, 1.26, 2]).ToSvg();
        Assert.All(["1.50", "1.26", "2.00"], text => Assert.Contains($">{text}</text>", svg));
    }

    [Fact]
    public void Values_under_the_pointer_stay_in_the_chart()
    {
        var chart = Chart.Lines(x: "step");
        foreach (var i in Enumerable.Range(0, 6))
            chart.Add($"a series with a long name {i}", [1, 2, 3], [1 + i, 2, 3]);
        var text = XDocument.Parse(chart.ToMimeBundle()["text/html"]).Descendants(Ns + "text")
            .First(t => t.Value.StartsWith("step 1", StringComparison.Ordinal)).Value;
        Assert.Matches("and [1-5] more$", text);
        Assert.True(text.Length < 110, text);
    }

    [Fact]
    public void Only_the_html_of_a_heat_map_has_the_values_under_the_pointer()
    {
        var chart = Chart.Heatmap(new double[20, 20]);
        Assert.Contains("<title>0, 0: 0</title>", chart.ToMimeBundle()["text/html"]);
        Assert.Single(XDocument.Parse(chart.ToSvg()).Descendants(Ns + "title"));
    }

    [Fact]
    public void Equal_charts_are_equal_text_and_identifiers_are_unique()
    {
        Assert.Equal(Kinds().Select(c => c.ToSvg()), Kinds().Select(c => c.ToSvg()));
        var ids = XDocument.Parse(new ChartGrid(Kinds(), columns: 4).ToSvg()).Descendants().Select(e => e.Attribute("id")?.Value)
            .OfType<string>().ToArray();
        Assert.Equal(ids.Distinct(), ids);
    }

    private static void Check(IReadOnlyDictionary<string, string> bundle)
    {
        Assert.Equal(["image/svg+xml", "text/html", "text/plain"], bundle.Keys.Order(StringComparer.Ordinal));
        var svg = XDocument.Parse(bundle["image/svg+xml"]);
        Assert.NotEqual("", svg.Root!.Element(Ns + "title")!.Value);
        Assert.NotEqual("", svg.Root.Element(Ns + "desc")!.Value);
        Assert.Equal("img", svg.Root.Attribute("role")!.Value);
        XDocument.Parse(bundle["text/html"]);
        foreach (var attribute in svg.Descendants().Attributes()
            .Where(a => a.Name.LocalName is "x" or "y" or "d" or "width" or "height" or "cx" or "cy" or "viewBox" or "transform"))
            Assert.DoesNotMatch("NaN|Infinity|∞|E", attribute.Value);
        Assert.DoesNotContain("<script>", bundle["text/html"]);
        Assert.NotEqual("", bundle["text/plain"]);
    }

    [GeneratedRegex(@"<path d=""(?<d>M[^""]*)"" class=""s0""")]
    private static partial Regex PathNumbers();
}
