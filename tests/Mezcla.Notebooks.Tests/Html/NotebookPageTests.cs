using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using FsCheck;
using FsCheck.Xunit;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;

namespace Mezcla.Notebooks.Tests.Html;

public partial class NotebookPageTests
{
    [Fact]
    public void The_page_is_complete_in_itself()
    {
        var page = Parse(NotebookPage.Render(Example()));
        Assert.Empty(page.QuerySelectorAll("script[src], link[href], iframe, object, embed, img[src^='http'], img[src^='file']"));
        Assert.DoesNotMatch(@"url\(|@import", page.QuerySelector("style")!.TextContent);
        Assert.Equal("Router", page.Title);
        Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
        Assert.NotNull(page.QuerySelector("meta[name=viewport]"));
    }

    [Fact]
    public void Headings_have_jupyters_anchors_and_a_table_of_contents()
    {
        var page = Parse(NotebookPage.Render(Example()));
        Assert.Equal(["Router", "What-it-is", "What-it-is-2", "Loss-$x^2$"],
            page.QuerySelectorAll("h1, h2, h3").Select(h => h.Id!.Replace("x^2", "$x^2$").Replace("$$", "$")));
        Assert.Equal(["#What-it-is", "#What-it-is-2", "#Loss-x%5E2"],
            page.QuerySelectorAll("nav.contents a").Select(a => a.GetAttribute("href")));
        Assert.Equal(page.QuerySelectorAll("[id]").Select(e => e.Id).Distinct().Count(), page.QuerySelectorAll("[id]").Length);
    }

    [Fact]
    public void Every_output_is_shown_in_its_richest_form()
    {
        var cell = new NotebookCell(CellKind.Code, "show();");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, "a < b\n"));
        cell.Outputs.Add(
            new DisplayOutput(
                new(new Dictionary<string, string> { ["text/html"] = "<b class='mine'>rich</b>", ["text/plain"] = "plain" })));
        cell.Outputs.Add(
            new DisplayOutput(new(new Dictionary<string, string> { ["image/png"] = "AAAA", ["text/plain"] = "a \"picture\"" },
                new() { ["image/png"] = new JsonObject { ["width"] = 30 } })));
        cell.Outputs.Add(new DisplayOutput(new("image/svg+xml", "<?xml version=\"1.0\"?><svg id='s'></svg>")));
        cell.Outputs.Add(new DisplayOutput(new("text/markdown", "*md* $x$")));
        cell.Outputs.Add(new DisplayOutput(new("text/latex", "$$\\alpha$$")));
        cell.Outputs.Add(new DisplayOutput(new("application/json", "{\"a\":1}")));
        cell.Outputs.Add(new DisplayOutput(new("text/plain", "<5>")));
        cell.Outputs.Add(new ErrorOutput("E", "m", ["\u001b[31mred\u001b[0m <x>"]));
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(cell);
        var outputs = Parse(NotebookPage.Render(notebook)).QuerySelectorAll(".cell > .out");
        Assert.Equal("a < b\n", outputs[0].TextContent);
        Assert.NotNull(outputs[1].QuerySelector("b.mine"));
        var image = outputs[2].QuerySelector("img")!;
        Assert.Equal(("data:image/png;base64,AAAA", "a \"picture\"", "30"),
            (image.GetAttribute("src"), image.GetAttribute("alt"), image.GetAttribute("width")));
        Assert.NotNull(outputs[3].QuerySelector("svg#s"));
        Assert.NotNull(outputs[4].QuerySelector("em"));
        Assert.NotNull(outputs[4].QuerySelector("math"));
        Assert.Contains("α", outputs[5].TextContent);
        Assert.Contains("{\"a\":1}", outputs[6].TextContent);
        Assert.Equal("<5>", outputs[7].TextContent);
        Assert.Equal("red", outputs[8].QuerySelector(".af1")!.TextContent);
        Assert.Contains("<x>", outputs[8].TextContent);
    }

    [Fact]
    public void Pictures_come_along_and_what_is_far_away_becomes_a_link()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, "a b.png"), [1, 2, 3]);
            var notebook = Notebook.ForCSharp();
            notebook.Cells.Add(new(CellKind.Markdown,
                "![near](a%20b.png) ![far](https://example.org/x.png) ![with](attachment:c.png) ![none](missing.png)")
            {
                Attachments = new() { ["c.png"] = new JsonObject { ["image/png"] = "QUJD" } },
            });
            var page = Parse(NotebookPage.Render(notebook, new() { Folder = folder.FullName }));
            Assert.Equal(["data:image/png;base64,AQID", "data:image/png;base64,QUJD"],
                page.QuerySelectorAll("img").Select(i => i.GetAttribute("src")));
            Assert.Equal(["near", "with"], page.QuerySelectorAll("img").Select(i => i.GetAttribute("alt")));
            Assert.Equal("far", page.QuerySelector("a[href='https://example.org/x.png']")!.TextContent);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Links_to_notebooks_lead_to_pages()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, "[a](03-x.ipynb#Part-1) [b](https://h.org/n.ipynb) [c](#here) [d](notes.md)"));
        var links = Parse(NotebookPage.Render(notebook, new() { LinkPages = true, Next = ("04.html", "<next>") }))
            .QuerySelectorAll(".prose a").Select(a => a.GetAttribute("href"));
        Assert.Equal(["03-x.html#Part-1", "https://h.org/n.ipynb", "#here", "notes.md"], links);
    }

    [Theory]
    [InlineData("var x = 1;", "<span class=\"k\">var</span> x = <span class=\"n\">1</span>;")]
    [InlineData("#!time\nx", "<span class=\"p\">#!time</span>\nx")]
    [InlineData("List<int> a = new();",
        "<span class=\"t\">List</span>&lt;<span class=\"k\">int</span>&gt; a = <span class=\"k\">new</span>();")]
    [InlineData("Foo.Bar(\"<b>\") // c",
        "<span class=\"t\">Foo</span>.<wbr><span class=\"m\">Bar</span>(<wbr><span class=\"s\">&quot;&lt;b&gt;&quot;</span>) " +
            "<span class=\"c\">// c</span>")]
    [InlineData("#r \"nuget: A\"", "<span class=\"p\">#r &quot;nuget: A&quot;</span>")]
    public void Code_is_coloured(string code, string html) => Assert.Equal(html, CodeHighlighter.ToHtml(code));

    // A plain int stays near a hundred: few seeds, again and again.
    [Property(MaxTest = 200)]
    public void Colouring_loses_nothing(string text, DoNotSize<int> seed)
    {
        string[] parts = ["class ", "{", "}", "\"", "'", "$\"{x", "\"\"\"", "/*", "// ", "\n", "#!time\n", "#if ", "#r \"a\"\n",
            "var x = 1;", "<b>", "&", "\\", "@", "1e5", "await foo()"];
        var random = new Random(seed.Item);
        var code = (text ?? "").Replace("\0", "")
            .Replace("\r", "") + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));
        Assert.Equal(code, System.Net.WebUtility.HtmlDecode(Tags().Replace(CodeHighlighter.ToHtml(code), "")));
    }

    [Property(MaxTest = 200)]
    public void Lines_of_code_are_the_code(string text, DoNotSize<int> seed)
    {
        string[] parts = ["var x = 1;", "\n", "    ", "\n\n", "\"\"\"\n", "/* a\n   b */", "// c\n", "List<int> y", "#!time\n", "\"s\"",
            " < > & "];
        var random = new Random(seed.Item);
        var code = (text ?? "").Replace("\0", "")
            .Replace("\r", "") + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));
        var lines = Parse(CodeHighlighter.InLines(CodeHighlighter.ToHtml(code))).Body!;
        Assert.Equal(code, string.Concat(lines.Children.Select(l => l.TextContent)));
        Assert.Equal(code.Split('\n').Length, lines.Children.Length);
        Assert.All(lines.Children, line => Assert.Equal("l", line.ClassName));
    }

    [Fact]
    public void A_line_of_code_knows_its_indent_and_a_text_of_several_lines_keeps_its_colour()
    {
        var lines = Parse(CodeHighlighter.InLines(CodeHighlighter.ToHtml("if (a)\n    x = \"\"\"\n        text\n        \"\"\";")))
            .QuerySelectorAll(".l");
        Assert.Equal([null, "--in:4ch", "--in:8ch", "--in:8ch"], lines.Select(l => l.GetAttribute("style")));
        Assert.All(lines.Skip(1), line => Assert.NotNull(line.QuerySelector(".s")));
    }

    [Fact]
    public void Prose_that_a_cell_prints_is_wrapped_and_a_table_is_not()
    {
        var cell = new NotebookCell(CellKind.Code, "x");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, new string('x', 300)));
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, "a    b\n1    2"));
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(cell);
        Assert.Equal(["out long", "out"], Parse(NotebookPage.Render(notebook)).QuerySelectorAll("pre.out").Select(p => p.ClassName));
    }

    [Fact]
    public void Every_picture_says_what_it_is()
    {
        var cell = new NotebookCell(CellKind.Code, "x");
        cell.Outputs.Add(
            new DisplayOutput(new(new Dictionary<string, string> { ["image/svg+xml"] = "<svg></svg>", ["text/plain"] = "a <tree>" })));
        cell.Outputs.Add(new DisplayOutput(new("image/svg+xml", "<svg role=\"img\" aria-label=\"a house\"></svg>")));
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(cell);
        var page = Parse(NotebookPage.Render(notebook));
        Assert.Equal(["a <tree>", "a house"], page.QuerySelectorAll("[role=img]").Select(e => e.GetAttribute("aria-label")));
        Assert.All(page.QuerySelectorAll("svg"), svg => Assert.NotNull(svg.Closest("[role=img]")));
    }

    [Fact]
    public void A_page_leads_to_its_neighbours_and_a_keyboard_reaches_its_text()
    {
        var page =
            Parse(NotebookPage.Render(Example(),
                new() { Home = ("index.html", "All"), Previous = ("02.html", "Before"), Next = ("04.html", "<After>") }));
        foreach (var nav in page.QuerySelectorAll("nav.around"))
            Assert.Equal(["02.html", "index.html", "04.html"], nav.QuerySelectorAll("a").Select(a => a.GetAttribute("href")));
        Assert.Equal(2, page.QuerySelectorAll("nav.around").Select(n => n.GetAttribute("aria-label")).Distinct().Count());
        Assert.Equal("<After> →", page.QuerySelector("a[rel=next]")!.TextContent);
        Assert.Equal("← Before", page.QuerySelector("a[rel=prev]")!.TextContent);
        var skip = page.QuerySelector("body > a")!;
        Assert.Equal("skip", skip.ClassName);
        Assert.NotNull(page.QuerySelector(skip.GetAttribute("href")!)!.QuerySelector("main"));
        Assert.Empty(Parse(NotebookPage.Render(new Notebook())).QuerySelectorAll("nav"));
    }

    [Theory]
    [InlineData("plain <b>", "plain &lt;b&gt;")]
    [InlineData("\u001b[1;31mred\u001b[0m x", "<span class=\"af1 ab\">red</span> x")]
    [InlineData("\u001b[38;5;196mx\u001b[39my", "<span style=\"color:#ff0000\">x</span>y")]
    [InlineData("\u001b[48;2;1;2;3mx", "<span style=\"background:#010203\">x</span>")]
    [InlineData("\u001b[92mx\u001b[7my", "<span class=\"af10\">x</span><span class=\"afpaper ab10\">y</span>")]
    [InlineData("1%\r50%\r100%\nnext", "100%\nnext")]
    [InlineData("done\r\nnext", "done\nnext")]
    [InlineData("\u001b[2K\u001b[1Ax\u001b]8;;http://x\u0007y\u0007", "xy")]
    [InlineData("\u001b[", "")]
    [InlineData("\u001b", "")]
    [InlineData("\u001b[38;5m", "")]
    public void Terminal_text_becomes_spans(string text, string html) => Assert.Equal(html, AnsiText.ToHtml(text));

    [Property(MaxTest = 300)]
    public void No_terminal_text_breaks_the_page(string text, DoNotSize<int> seed)
    {
        string[] parts = ["\u001b[", "\u001b]", "m", ";", "38", "5", "2", "\r", "\n", "<", "\u001b", "31"];
        var random = new Random(seed.Item);
        var html = AnsiText.ToHtml(
            (text ?? "") + string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => parts[random.Next(parts.Length)])));
        Assert.DoesNotMatch("<(?!/?span)", html);
        Assert.DoesNotContain('\u001b', html);
    }

    [Fact]
    public void Long_output_is_cut_with_a_count()
    {
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "x");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, new string('x', 300_000)));
        notebook.Cells.Add(cell);
        Assert.Contains("100,000 characters left out", NotebookPage.Render(notebook));
    }

    private static Notebook Example()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, "# Router\nText\n\n## What it is\n## What it is\n### Loss $x^2$"));
        notebook.Cells.Add(new(CellKind.Code, "1 + 1"));
        return notebook;
    }

    private static IDocument Parse(string html) => new HtmlParser().ParseDocument(html);

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();
}
