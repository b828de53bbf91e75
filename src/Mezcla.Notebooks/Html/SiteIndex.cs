using System.Globalization;
using System.Net;
using System.Text;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Html;

/// <summary>A page of a site.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Run">The run of its notebook.</param>
public sealed record SiteChapter(string Url, NotebookRun Run);

/// <summary>Writes the first page of a site of notebooks: what there is, how each ran, and every claim with its result.</summary>
public static class SiteIndex
{
    private const string Style = ".lead{font-size:1.2em;color:var(--muted)}.chapters{list-style:none;padding:0}.chapters li{border:1px solid var(--line);border-radius:10px;padding:14px 18px;margin:12px 0}" +
        ".chapters h2{border:0;margin:0;font-size:1.2em;padding:0}.chapters p{margin:.4em 0 0}.ran{color:var(--muted);font-size:.85em}.yes{color:#2e8b57;font-weight:600}.no{color:var(--bad);font-weight:600}.claims td:first-child{white-space:nowrap}";

    /// <summary>The page.</summary>
    /// <param name="title">The site's name.</param>
    /// <param name="lead">What it is, in a sentence.</param>
    /// <param name="chapters">Its pages, in order.</param>
    public static string Render(string title, string lead, IReadOnlyList<SiteChapter> chapters)
    {
        ArgumentNullException.ThrowIfNull(chapters);
        var html = new StringBuilder($"<main><article class=\"prose\"><h1>{Encode(title)}</h1><p class=\"lead\">{Encode(lead)}</p><ol class=\"chapters\">");
        foreach (var (url, run) in chapters)
        {
            html.Append($"<li><h2><a href=\"{Encode(url)}\">{Encode(run.Notebook.Title ?? url)}</a></h2>{Introduction(run.Notebook)}");
            var claims = run.ClaimsHeld + run.ClaimsFailed > 0 ? $", {run.ClaimsHeld} of {run.ClaimsHeld + run.ClaimsFailed} claims held" : "";
            html.Append($"<p class=\"ran\">{(run.Succeeded ? "<span class=\"yes\">✓</span>" : "<span class=\"no\">✗ not complete</span>")} {run.CellsRun} of {run.CellCount} cells{claims}, {run.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s</p></li>");
        }
        html.Append("</ol>");
        var all = chapters.SelectMany(c => NotebookRunner.Claims(c.Run.Notebook).Select(claim => (c.Url, claim))).ToList();
        if (all.Count > 0)
        {
            html.Append("<h2 id=\"claims\">Claims</h2><p>What the chapters say in numbers is checked when they run.</p><table class=\"claims\"><thead><tr><th>result</th><th>claim</th><th>source</th></tr></thead><tbody>");
            foreach (var (url, claim) in all)
                html.Append($"<tr><td>{(claim.Holds ? "<span class=\"yes\">✓ holds</span>" : "<span class=\"no\">✗ does not hold</span>")}</td><td><a href=\"{Encode(url)}\">{Encode(claim.What)}</a></td><td>{Encode(claim.Source)}</td></tr>");
            html.Append("</tbody></table>");
        }
        return PageTemplate.Page(title, html.Append("</article></main>").ToString(), Style);
    }

    /// <summary>The first paragraph of the first cell.</summary>
    private static string Introduction(Notebook notebook)
    {
        var cell = notebook.Cells.FirstOrDefault(c => c.Kind == CellKind.Markdown);
        var paragraph = cell?.Source.Split("\n\n").Select(p => string.Join('\n', p.Split('\n').Where(l => !l.StartsWith('#'))).Trim()).FirstOrDefault(p => p.Length > 0);
        return paragraph is null ? "" : new MarkdownHtml(folder: null, NotebookPage.PageOf).ToHtml(paragraph, collect: false);
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
