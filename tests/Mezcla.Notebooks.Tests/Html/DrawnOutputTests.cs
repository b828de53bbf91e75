using AngleSharp.Html.Parser;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Tests;

namespace Mezcla.Notebooks.Tests.Html;

/// <summary>Outputs that a library of scripts draws: what a page carries for them.</summary>
public sealed class DrawnOutputTests
{
    private const string Diagram = "flowchart LR\n  A[\"<b> & c\"] --> B";

    private static readonly ScriptLibrary Plotly = new(MimeBundle.Plotly, () => new MemoryStream("var Plotly = {};"u8.ToArray()));

    [Fact]
    public void A_page_carries_mermaid_once_if_it_has_diagrams_and_shows_their_source_without_scripts()
    {
        var page = NotebookPage.Render(WithOutputs(new(MimeBundle.Mermaid, Diagram), new(MimeBundle.Mermaid, "pie")));
        var html = new HtmlParser().ParseDocument(page);
        Assert.Equal([Diagram, "pie"], html.QuerySelectorAll(".out .mezcla-drawn .words").Select(words => words.TextContent));
        Assert.Equal(2, page.Split("mezclaDraw.provide('text/vnd.mermaid'").Length);
        Assert.True(page.IndexOf("mezclaDraw.provide", StringComparison.Ordinal)
            < page.LastIndexOf("mezclaDraw.all();", StringComparison.Ordinal));
        Assert.DoesNotContain("<script src", page);
        Assert.InRange(page.Length, 1_000_000, 1_500_000);
        Assert.DoesNotContain("mezclaDraw", NotebookPage.Render(WithOutputs(new MimeBundle(MimeBundle.PlainText, Diagram))));
    }

    [Fact]
    public void A_figure_is_drawn_where_the_page_has_its_library_and_told_in_words()
    {
        var figure = new MimeBundle(new Dictionary<string, string>
        {
            [MimeBundle.Plotly] = "{\"data\":[{\"name\":\"</script>\"}]}",
            [MimeBundle.Html] = "<b>for front ends</b>",
            [MimeBundle.PlainText] = "A chart of <losses>",
        });
        var page = NotebookPage.Render(WithOutputs(figure), new() { Libraries = [Plotly] });
        var html = new HtmlParser().ParseDocument(page);
        var place = html.QuerySelector(".mezcla-drawn")!;
        Assert.StartsWith("A chart of <losses>. It is drawn by a script", place.QuerySelector(".words")!.TextContent);
        Assert.Contains("&lt;/script>", place.QuerySelector("script")!.TextContent);
        Assert.Contains("mezclaDraw.provide('application/vnd.plotly.v1\\u002Bjson','H4sI", page);
        Assert.DoesNotContain("for front ends", page);
        Assert.DoesNotContain("mezclaDraw", NotebookPage.Render(WithOutputs(figure)));
    }

    [Fact]
    public void A_front_end_gets_a_library_with_the_first_output_that_it_draws()
    {
        var delivery = new LibraryDelivery([Plotly]);
        MimeBundle Shown(string mime) => delivery.Add(new(
            new Dictionary<string, string> { [mime] = "{}", [MimeBundle.Html] = "<b>x</b>" }));
        Assert.Equal("<b>x</b>", Shown(MimeBundle.Json)[MimeBundle.Html]);
        Assert.Null(delivery.Add(new(MimeBundle.Plotly, "{}"))[MimeBundle.Html]);
        var first = Shown(MimeBundle.Plotly);
        Assert.StartsWith("<script>", first[MimeBundle.Html]);
        Assert.EndsWith("</script><b>x</b>", first[MimeBundle.Html]);
        Assert.Equal("{}", first[MimeBundle.Plotly]);
        Assert.Equal("<b>x</b>", Shown(MimeBundle.Plotly)[MimeBundle.Html]);
    }

    [Fact]
    public void A_library_that_is_compressed_already_stays_as_it_is()
    {
        byte[] packed = [0x1F, 0x8B, 8, 0, 1, 2];
        Assert.Contains(Convert.ToBase64String(packed), DrawnOutput.Provide(new(MimeBundle.Plotly, () => new MemoryStream(packed))));
    }

    [Fact]
    public void Mermaid_comes_with_its_licence_and_says_where_it_is_from()
    {
        var folder = Path.Combine(Checkout.Root, "src", "Mezcla.Notebooks", "Html", "Mermaid");
        var licence = File.ReadAllText(Path.Combine(folder, "LICENSE.txt"));
        Assert.Contains("MIT License", licence);
        using var file = new System.IO.Compression.GZipStream(
            File.OpenRead(Path.Combine(folder, "mermaid.min.js.gz")), System.IO.Compression.CompressionMode.Decompress);
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)), licence);
    }

    private static Notebook WithOutputs(params MimeBundle[] bundles)
    {
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "x");
        cell.Outputs.AddRange(bundles.Select(bundle => new DisplayOutput(bundle)));
        notebook.Cells.Add(cell);
        return notebook;
    }
}
