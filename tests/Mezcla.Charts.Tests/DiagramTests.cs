using System.Globalization;
using System.Xml.Linq;

namespace Mezcla.Charts.Tests;

/// <summary>Diagrams are well-formed SVG, their arrows meet the edges of shapes, and mistakes are named.</summary>
public class DiagramTests
{
    private static Diagram Two() => new Diagram(300, 100).Title("Two").Box("a", 10, 20, 80, 40, "x < y", note: "[time, d]")
        .Circle("b", 200, 40, 20, "+", colour: 1);

    [Fact]
    public void It_is_one_svg_element_with_a_title_and_a_description()
    {
        var svg = XElement.Parse(Two().Arrow("a", "b", "adds").ToSvg());
        Assert.Equal("svg", svg.Name.LocalName);
        Assert.Equal("Two", Elements(svg, "title").First().Value);
        Assert.Equal("x < y [time, d]; +; a → b: adds", Elements(svg, "desc").Single().Value);
        Assert.Contains("x < y", Elements(svg, "text").Select(t => t.Value));
        Assert.Equal(["text/html", "image/svg+xml", "text/plain"], Two().ToMimeBundle().Keys);
    }

    [Fact]
    public void An_arrow_begins_and_ends_at_the_edges()
    {
        var tip = Elements(XElement.Parse(Two().Arrow("a", "b").ToSvg()), "path").Last().Attribute("d")!.Value;
        // The circle's edge is at x = 180; the tip keeps 3 pixels from it.
        Assert.StartsWith("M177 40L", tip);
    }

    [Fact]
    public void Boxes_that_overlap_sideways_are_joined_by_a_straight_line()
    {
        var diagram = new Diagram(200, 200).Box("up", 10, 10, 80, 30).Box("down", 20, 120, 90, 30).Arrow("down", "up");
        var line = Elements(XElement.Parse(diagram.ToSvg()), "path").First().Attribute("d")!.Value;
        var numbers = line.Split('M', 'Q', ' ').Where(n => n.Length > 0)
            .Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(118, numbers[1]);
        Assert.All(new[] { numbers[2], numbers[4] }, x => Assert.Equal(numbers[0], x));
    }

    [Fact]
    public void Cells_are_shaded_by_their_size_and_sign()
    {
        var diagram = new Diagram(200, 100).Cells("m", 60, 40, new[,] { { 2.0, -1.0 }, { 0.0, double.NaN } }, rows: ["r", "s"],
            columns: ["c", "a long name"], format: "0.0");
        var svg = XElement.Parse(diagram.ToSvg());
        Assert.Equal(["1", "0.5", "0", "0"],
            Elements(svg, "rect").Select(r => r.Attribute("fill-opacity")?.Value).Where(o => o is not null));
        Assert.Equal(["2.0", "−1.0", "0.0", "r", "s", "c", "a long name"], Elements(svg, "text").Select(t => t.Value));
        Assert.Contains("rotate", Elements(svg, "text").Last().Attribute("transform")!.Value);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        Assert.Contains("no shape 'c'. Add it before its arrows. The shapes are: a, b",
            Assert.Throws<ArgumentException>(() => Two().Arrow("a", "c")).Message);
        Assert.Contains("has a shape 'a' already", Assert.Throws<ArgumentException>(() => Two().Box("a", 0, 0, 1, 1)).Message);
        Assert.Contains("1 names for 2 rows",
            Assert.Throws<ArgumentException>(() => Two().Cells("m", 0, 0, new double[2, 1], rows: ["r"])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Diagram(double.NaN, 100));
    }

    private static IEnumerable<XElement> Elements(XElement svg, string name) => svg.Descendants().Where(e => e.Name.LocalName == name);
}
