using System.Globalization;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Tests.Html;

/// <summary>The first page of a site.</summary>
public class SiteIndexTests
{
    internal static SiteCover Cover { get; } = new("A & B", "What it <is>.")
    {
        Figure = "<svg role=\"img\" aria-label=\"a picture\" viewBox=\"0 0 10 10\" width=\"600\"></svg>",
        Caption = "a caption",
        Footer = "a footer",
    };

    [Fact]
    public void The_page_is_complete_in_itself_and_its_headings_are_in_order()
    {
        var page = Page();
        Assert.Empty(page.QuerySelectorAll("script[src], link[href], iframe, object, embed, img[src^='http']"));
        Assert.DoesNotMatch(@"url\(|@import", page.QuerySelector("style")!.TextContent);
        Assert.Equal("A & B", page.Title);
        Assert.Equal("What it <is>.", page.QuerySelector("meta[name=description]")!.GetAttribute("content"));
        var levels = page.QuerySelectorAll("h1, h2, h3, h4, h5, h6").Select(h => int.Parse(h.TagName[1..], CultureInfo.InvariantCulture))
            .ToList();
        Assert.Equal(1, levels[0]);
        Assert.Single(levels, 1);
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1));
        Assert.Equal(page.QuerySelectorAll("[id]").Length, page.QuerySelectorAll("[id]").Select(e => e.Id).Distinct().Count());
        Assert.Equal("a picture", page.QuerySelector("figure [role=img]")!.GetAttribute("aria-label"));
    }

    [Fact]
    public void A_card_says_what_a_chapter_asks_and_how_it_ran()
    {
        var cards = Page().QuerySelectorAll(".chapters > li");
        Assert.Equal(["01 · First", "02 · Second"], cards.Select(c => c.QuerySelector("h3")!.TextContent));
        Assert.Equal("Why is it so?", cards[0].QuerySelector("p")!.TextContent);
        Assert.Equal("01.html", cards[0].QuerySelector("h3 a")!.GetAttribute("href"));
        Assert.Equal("✓ complete, all 3 cells in 1 min 5 s, all 2 claims held", cards[0].QuerySelector(".ran")!.TextContent);
        Assert.Equal("✗ not complete, 1 of 2 cells in 4 s, 1 of 2 claims held", cards[1].QuerySelector(".ran")!.TextContent);
    }

    [Fact]
    public void Claims_stand_by_chapter_and_lead_to_their_place()
    {
        var page = Page();
        Assert.Equal(["01 · First all 2 claims held", "02 · Second 1 of 2 claims held"],
            page.QuerySelectorAll("h3[id^=claims-]").Select(h => h.TextContent));
        var tables = page.QuerySelectorAll("table.claims");
        Assert.Equal(page.QuerySelectorAll("h3[id^=claims-]").Select(h => h.Id), tables.Select(t => t.GetAttribute("aria-labelledby")));
        Assert.All(page.QuerySelectorAll(".ran a"), a => Assert.NotNull(page.QuerySelector(a.GetAttribute("href")!)));
        var rows = tables[0].QuerySelectorAll("tbody tr");
        Assert.Equal(["✓ holds", "parameters <all>", "1,800,000,000,000", "1,831,000,000,000", "± 50,000,000,000", "a rumour"],
            rows[0].QuerySelectorAll("td").Select(c => c.TextContent));
        Assert.Equal(["✓ holds", "it falls", "0.5 against 0.7", ""], rows[1].QuerySelectorAll("td").Select(c => c.TextContent));
        Assert.Equal("exactly", tables[1].QuerySelectorAll("td[data-label=tolerance]").First().TextContent);
        Assert.Equal("✗ does not hold", tables[1].QuerySelectorAll("tbody tr")[1].QuerySelector("td")!.TextContent);

        // Every link of the table finds its claim on the chapter's page, the one of that name.
        foreach (var chapter in Chapters())
        {
            var place = new HtmlParser().ParseDocument(NotebookPage.Render(chapter.Run.Notebook));
            var links = page.QuerySelectorAll($"table.claims a[href^='{chapter.Url}#']");
            Assert.Equal(2, links.Length);
            Assert.All(links,
                a => Assert.Contains(a.TextContent, place.GetElementById(a.GetAttribute("href")!.Split('#')[1])!.TextContent));
        }
    }

    [Fact]
    public void The_cover_sums_up_and_a_site_without_claims_or_chapters_has_a_page_too()
    {
        Assert.Equal(["2", "4 of 5", "3 of 4", "1 min 9 s"], Page().QuerySelectorAll(".sums dd").Select(d => d.TextContent));
        Assert.Equal("01.html", Page().QuerySelector("a.begin")!.GetAttribute("href"));
        Assert.Equal("a footer", Page().QuerySelector("footer")!.TextContent);
        var empty = new HtmlParser().ParseDocument(SiteIndex.Render(new("Empty", "Nothing."), []));
        Assert.Null(empty.QuerySelector("#claims, figure, footer, a.begin"));
    }

    internal static IReadOnlyList<SiteChapter> Chapters() =>
    [
        Chapter("01.html", "# 01 · First\n\n**The question.** Why is it so?\n\nMore.", 3, 3, 65,
            ("parameters <all>", true, "\"expected\":1.8e12,\"obtained\":1.831e12,\"tolerance\":5e10,\"source\":\"a rumour\""),
            ("it falls", true, "\"detail\":\"0.5 against 0.7\",\"source\":\"\"")),
        Chapter("02.html", "# 02 · Second\nText", 1, 2, 4.2,
            ("three", true, "\"expected\":3,\"obtained\":3,\"tolerance\":0,\"source\":\"\""),
            ("four", false, "\"expected\":4,\"obtained\":3.123456789,\"tolerance\":0.1,\"source\":\"\"")),
    ];

    private static SiteChapter Chapter(string url, string markdown, int ran, int cells, double seconds,
        params (string What, bool Holds, string Json)[] claims)
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, markdown));
        var cell = new NotebookCell(CellKind.Code, "claims");
        foreach (var (what, holds, json) in claims)
        {
            var text = System.Text.Json.JsonSerializer.Serialize(what);
            cell.Outputs.Add(new DisplayOutput(new(new Dictionary<string, string>
            {
                [MimeBundle.Html] = $"<div class=\"mezcla-claim\">{System.Net.WebUtility.HtmlEncode(what)}</div>",
                [Claim.MimeType] = $"{{\"what\":{text},\"holds\":{(holds ? "true" : "false")},{json}}}",
            })));
        }
        notebook.Cells.Add(cell);
        return new(url,
            new NotebookRun(notebook, ran, cells, [], claims.Count(c => c.Holds), claims.Count(c => !c.Holds),
                TimeSpan.FromSeconds(seconds)));
    }

    private static IDocument Page() => new HtmlParser().ParseDocument(SiteIndex.Render(Cover, Chapters()));
}
