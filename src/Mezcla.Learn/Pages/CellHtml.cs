using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;

namespace Mezcla.Learn.Pages;

/// <summary>Renders the cells of a chapter for the living page.</summary>
/// <param name="folder">The folder of pictures in the prose.</param>
/// <param name="libraries">The libraries of scripts that draw outputs, such as Plotly.NET's charts.</param>
public sealed class CellHtml(string folder, IReadOnlyList<ScriptLibrary> libraries)
{
    private readonly MarkdownHtml _prose = new(folder, LinkOf);

    /// <summary>The headings of the prose that was rendered with <see cref="Cell"/>, in order.</summary>
    public IReadOnlyList<Heading> Headings => _prose.Headings;

    /// <summary>The address of the living page for a link in the prose, or null to leave it.</summary>
    /// <param name="url">The link's target.</param>
    public static string? LinkOf(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var parts = url.Split('#', 2);
        var anchor = parts.Length > 1 ? "#" + parts[1] : "";
        return parts[0].EndsWith(".ipynb", StringComparison.Ordinal) ? "/chapter/" + parts[0][..^6].Replace("../", "") + anchor
            : Path.GetFileName(parts[0]) == Glossary.FileName ? "/glossary" + anchor
            : null;
    }

    /// <summary>The HTML of a cell, outputs included.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="revision">The number of its text, with which an edit says what it was made from.</param>
    public string Cell(NotebookCell cell, int revision)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var kind = cell.Kind.ToString().ToLowerInvariant();
        var source = WebUtility.HtmlEncode(cell.Source);
        var html = new StringBuilder($"<section class=\"cell {kind}\" data-cell=\"{cell.Id}\" data-kind=\"{kind}\" " +
            $"data-revision=\"{revision}\" tabindex=\"-1\">");
        if (cell.Kind == CellKind.Markdown)
            return html.Append($"<div class=\"prose\">{Prose(cell)}</div><template class=\"source\">{source}</template></section>\n")
                .ToString();
        // Inert text of a template is not drawn, and read by the script that makes the editor.
        var shown = cell.Kind == CellKind.Code && cell.Language is null ? CodeHighlighter.ToHtml(cell.Source) : source;
        var code = $"<div class=\"input\"><pre class=\"code\"><code>{shown}</code></pre></div>" +
            $"<template class=\"source\">{source}</template>";
        var folds = cell.Tags.Contains(NotebookPage.Preparation);
        var number = cell.ExecutionCount is { } n ? n.ToString(System.Globalization.CultureInfo.InvariantCulture) : "";
        html.Append(cell.Kind == CellKind.Raw ? "" : "<div class=\"gutter\"><button type=\"button\" class=\"run\" disabled " +
            $"aria-label=\"Run this cell\" title=\"Run (Shift+Enter)\">▶</button><span class=\"number\">{number}</span></div>");
        html.Append(folds ? $"<details class=\"hidden\"><summary>Show the preparation</summary>{code}</details>" : code);
        html.Append($"<div class=\"outputs\"></div><template class=\"shown\">{WebUtility.HtmlEncode(Outputs(cell, 0).ToJsonString())}" +
            "</template></section>\n");
        return html.ToString();
    }

    /// <summary>The HTML of a cell's prose.</summary>
    /// <param name="cell">A Markdown cell.</param>
    /// <param name="collect">Whether its headings are added to <see cref="Headings"/>.</param>
    public string Prose(NotebookCell cell, bool collect = true)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return cell.Source.Trim().Length == 0 ? "<p class=\"empty\">(empty: press Enter to write)</p>"
            : _prose.ToHtml(cell.Source, cell.Attachments, collect);
    }

    /// <summary>
    /// A cell's outputs from one on, as the page's script takes them: <c>from</c>, the <c>html</c> of each, and whether they are
    /// <c>framed</c>, because one of the cell's outputs holds HTML that this program did not write.
    /// </summary>
    /// <param name="cell">The cell.</param>
    /// <param name="from">The first output, from 0.</param>
    public JsonObject Outputs(NotebookCell cell, int from)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return new()
        {
            ["from"] = from,
            ["framed"] = cell.Outputs.Any(IsForeign),
            ["html"] = new JsonArray([.. cell.Outputs.Skip(from).Select(o => (JsonNode)Drawn(OutputHtml.ToHtml(o, _prose)))]),
        };
    }

    // The frame of a cell has nothing but what comes with its outputs.
    private string Drawn(string html) => html + DrawnOutput.ForPage(html, libraries);

    private static bool IsForeign(NotebookOutput output) => output is UnknownOutput
        || output is DisplayOutput { Bundle: var bundle } && bundle.Data.Keys.Any(mime => mime != MimeBundle.PlainText);
}
