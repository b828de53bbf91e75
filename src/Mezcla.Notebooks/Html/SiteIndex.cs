using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Html;

/// <summary>
/// Writes the first page of a site of notebooks: a cover, the list of chapters with each chapter's question and how it ran, and every
/// claim with its result.
/// </summary>
public static partial class SiteIndex
{
    private const string Style =
        "main{max-width:1120px}.cover{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.25fr);gap:20px " +
            "44px;align-items:center;margin-bottom:12px}.cover h1{font-size:3em;margin:.1em 0 .2em}" +
        ".lead{font-size:1.25em;line-height:1.45;margin:.2em 0 1em}.cover figure{margin:0}.cover " +
        "figcaption{color:var(--muted);font-size:.85em;margin-top:.4em}.cover.alone{grid-template-columns:minmax(0,1fr)}" +
        ".sums{display:grid;grid-template-columns:repeat(2,max-content);gap:2px 28px;margin:1.2em 0;padding:0}.sums " +
        "div{display:flex;flex-direction:column-reverse}.sums dt{color:var(--muted);font-size:.85em}.sums " +
        "dd{margin:0;font-size:1.35em;font-weight:600}" +
        ".begin{display:inline-block;background:var(--link);color:var(--paper);padding:.55em " +
        "1.1em;border-radius:8px;text-decoration:none;font-weight:600;margin:0 1em .6em 0}" +
        ".chapters{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:14px;" +
        "margin:1em 0}.chapters li{border:1px solid var(--line);border-radius:10px;padding:14px 18px;display:flex;flex-direction:column}" +
        ".chapters h3{margin:0;font-size:1.1em}.chapters h3 a,.prose h3 a{text-decoration:none}.prose h3 " +
        "a:hover{text-decoration:underline}.chapters p{margin:.5em 0 0}.chapters " +
        ".ran{color:var(--muted);font-size:.85em;margin-top:auto;padding-top:.8em}" +
        ".yes{color:var(--good);font-weight:600}.no{color:var(--bad);font-weight:600}" +
        ".prose table.claims{display:table;width:100%;table-layout:fixed;overflow-wrap:anywhere;font-size:.85em;line-height:1.45}.claims " +
        "th:nth-child(1){width:9%}.claims th:nth-child(2){width:27%}.claims th:nth-child(n+3){width:14.5%}.claims " +
        "th:nth-child(6){width:auto}" +
        ".prose .claims th,.prose .claims td{padding:5px 8px}.tally{color:var(--muted);font-weight:400;font-size:.8em;white-space:nowrap}" +
        "@media screen and (max-width:800px){.cover{grid-template-columns:minmax(0,1fr)}.cover h1{font-size:2.4em}" +
        ".claims thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.prose table.claims,.claims " +
        "tbody,.claims tr,.claims td{display:block;width:auto}.prose .claims tr{border-bottom:1px solid var(--line);padding:8px 0}.prose " +
        ".claims td{border:0;padding:1px 0}" +
        ".claims td[data-label]::before{content:attr(data-label) \" \";color:var(--muted)}.claims td:empty{display:none}}" +
        "@media print{.cover{display:block}.cover figure svg{width:11cm;" +
        "height:auto}.begin{display:none}.chapters{display:block}.chapters li{margin:8px 0;break-inside:avoid}.claims " +
        "tr{break-inside:avoid}.prose table.claims{break-inside:auto;font-size:7.5pt}}";

    /// <summary>Renders the page.</summary>
    /// <param name="cover">The cover.</param>
    /// <param name="chapters">The site's other pages, in order.</param>
    public static string Render(SiteCover cover, IReadOnlyList<SiteChapter> chapters)
    {
        ArgumentNullException.ThrowIfNull(cover);
        ArgumentNullException.ThrowIfNull(chapters);
        var html = new StringBuilder("<main><article class=\"prose\">");
        Cover(html, cover, chapters);
        html.Append("<h2 id=\"chapters\">Chapters</h2><ol class=\"chapters\">");
        foreach (var chapter in chapters)
            Card(html, chapter);
        html.Append("</ol>");
        if (chapters.Any(c => Tally(c.Run).Length > 0))
        {
            html.Append(
                "<h2 id=\"claims\">Claims</h2><p>The numbers in the chapters are checked when the chapters run. This table lists " +
                    "every claim with its expected and its obtained value, and links to its place in the chapter.</p>");
            foreach (var chapter in chapters)
                Claims(html, chapter);
        }
        html.Append("</article></main>");
        if (cover.Footer.Length > 0)
            html.Append($"<footer>{Encode(cover.Footer)}</footer>");
        return PageTemplate.Page(cover.Title, html.ToString(), Style, cover.Lead);
    }

    private static void Cover(StringBuilder html, SiteCover cover, IReadOnlyList<SiteChapter> chapters)
    {
        var (held, failed) = (chapters.Sum(c => c.Run.ClaimsHeld), chapters.Sum(c => c.Run.ClaimsFailed));
        html.Append(
            $"<header class=\"cover{(cover.Figure.Length > 0 ? "" : " alone")}\"><div><h1>{Encode(cover.Title)}</h1><p " +
                $"class=\"lead\">{Encode(cover.Lead)}</p><dl class=\"sums\">");
        foreach (var (what, count) in new[]
        {
            (chapters.Count == 1 ? "chapter" : "chapters", Count(chapters.Count)),
            ("cells ran", Of(chapters.Sum(c => c.Run.CellsRun), chapters.Sum(c => c.Run.CellCount))),
            ("claims held", held + failed > 0 ? Of(held, held + failed) : ""),
            ("in all", Duration(TimeSpan.FromSeconds(chapters.Sum(c => c.Run.Elapsed.TotalSeconds)))),
        }.Where(sum => sum.Item2.Length > 0))
            html.Append($"<div><dt>{what}</dt><dd>{count}</dd></div>");
        html.Append("</dl>");
        if (chapters.Count > 0)
            html.Append(
                $"<p><a class=\"begin\" href=\"{Encode(chapters[0].Url)}\">Begin " +
                    $"with {Encode(TitleOf(chapters[0]))}</a>{(held + failed > 0 ? "<a href=\"#claims\">All claims</a>" : "")}" +
                    $"{(cover.Glossary.Length > 0 ? $" <a href=\"{Encode(cover.Glossary)}\">Glossary</a>" : "")}</p>");
        html.Append("</div>");
        if (cover.Figure.Length > 0)
            html.Append(
                $"<figure>{cover.Figure}{(cover.Caption.Length > 0 ? $"<figcaption>{Encode(cover.Caption)}</figcaption>" : "")}</figure>");
        html.Append("</header>");
    }

    private static void Card(StringBuilder html, SiteChapter chapter)
    {
        var run = chapter.Run;
        html.Append($"<li><h3><a href=\"{Encode(chapter.Url)}\">{Encode(TitleOf(chapter))}</a></h3>{Question(run.Notebook)}");
        html.Append(
            $"<p class=\"ran\">{(run.Succeeded ? "<span class=\"yes\">✓ complete</span>" : "<span class=\"no\">✗ not complete</span>")}, " +
                $"{Of(run.CellsRun, run.CellCount)} cells in {Duration(run.Elapsed)}");
        html.Append($"{(Tally(run) is { Length: > 0 } tally ? $", <a href=\"#{ClaimsId(chapter)}\">{tally}</a>" : "")}</p></li>");
    }

    private static void Claims(StringBuilder html, SiteChapter chapter)
    {
        var claims = NotebookRunner.Claims(chapter.Run.Notebook).ToList();
        if (claims.Count == 0)
            return;
        var id = ClaimsId(chapter);
        html.Append(
            $"<h3 id=\"{id}\"><a href=\"{Encode(chapter.Url)}\">{Encode(TitleOf(chapter))}</a> <span " +
                $"class=\"tally\">{Tally(chapter.Run)}</span></h3>");
        string[] columns = ["result", "claim", "expected", "obtained", "tolerance", "source"];
        var head = string.Concat(columns.Select(column => $"<th scope=\"col\">{column}</th>"));
        html.Append($"<table class=\"claims\" aria-labelledby=\"{id}\"><thead><tr>{head}</tr></thead><tbody>");
        for (var i = 0; i < claims.Count; i++)
        {
            var claim = claims[i];
            html.Append(
                $"<tr><td>{(claim.Holds ? "<span class=\"yes\">✓ holds</span>" : "<span class=\"no\">✗ does not hold</span>")}</td>");
            html.Append($"<td><a href=\"{Encode(chapter.Url)}#{NotebookPage.ClaimId(i)}\">{Encode(claim.What)}</a></td>");
            if (claim.Json["obtained"] is { } obtained)
            {
                var tolerance = Number(claim.Json["tolerance"]);
                html.Append(Cell("expected", Number(claim.Json["expected"])) + Cell("obtained", Number(obtained)) + Cell("tolerance",
                    tolerance is "0" or "" ? "exactly" : "± " + tolerance));
            }
            else
            {
                html.Append($"<td colspan=\"3\" data-label=\"because\">{Encode(claim.Json["detail"]?.ToString() ?? "")}</td>");
            }
            html.Append(Cell("source", claim.Source)).Append("</tr>");
        }
        html.Append("</tbody></table>");

        static string Cell(string label, string text) => text.Length > 0 ? $"<td data-label=\"{label}\">{Encode(text)}</td>" : "<td></td>";
    }

    /// <summary>The first paragraph of the first cell, without the bold words that introduce it.</summary>
    private static string Question(Notebook notebook)
    {
        var cell = notebook.Cells.FirstOrDefault(c => c.Kind == CellKind.Markdown);
        var paragraph = cell?.Source.Split("\n\n").Select(p => string.Join('\n', p.Split('\n').Where(l => !l.StartsWith('#'))).Trim())
            .FirstOrDefault(p => p.Length > 0);
        return paragraph is null
            ? ""
            : new MarkdownHtml(folder: null, NotebookPage.PageOf).ToHtml(Announcement().Replace(paragraph, ""), collect: false);
    }

    private static string TitleOf(SiteChapter chapter) => chapter.Run.Notebook.Title ?? chapter.Url;

    private static string ClaimsId(SiteChapter chapter) => "claims-" + NotId().Replace(Path.GetFileNameWithoutExtension(chapter.Url), "-");

    private static string Tally(NotebookRun run) => run.ClaimsHeld + run.ClaimsFailed is var all and > 0
        ? $"{Of(run.ClaimsHeld, all)} claim{(all == 1 ? "" : "s")} held" : "";

    private static string Of(int part, int all) => part == all ? $"all {Count(all)}" : $"{Count(part)} of {Count(all)}";

    private static string Count(int count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) => Math.Max(1, (long)Math.Round(time.TotalSeconds)) is var seconds && seconds < 60
        ? $"{seconds} s" : $"{seconds / 60} min {seconds % 60} s";

    private static string Number(JsonNode? node) => node is JsonValue value ? value.TryGetValue(out double number)
        ? Claim.Text(Rounded(number)) : value.ToString() : "";

    // Whole numbers are shown in full. For other numbers, six digits are enough beside a tolerance.
    private static double Rounded(double number) => number == Math.Floor(number) || !double.IsFinite(number)
        ? number
        : double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    [GeneratedRegex(@"^\*\*[^*]+\.\*\*\s*")]
    private static partial Regex Announcement();

    [GeneratedRegex(@"[^\p{L}\p{Nd}_-]")]
    private static partial Regex NotId();
}
