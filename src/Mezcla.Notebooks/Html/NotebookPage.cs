using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Html;

/// <summary>
/// Writes a notebook as one self-contained HTML file. The file loads nothing, so it can be opened from a mail, a memory stick or a
/// server. It follows the reader's light or dark setting, has a switch for it, and suits screens, phones and print.
/// </summary>
public static class NotebookPage
{
    /// <summary>The tag of code cells that only prepare what a later cell needs. The page folds their code.</summary>
    public const string Preparation = "preparation";

    /// <summary>The style sheet of all pages.</summary>
    public static string StyleSheet => PageTemplate.Resource("page.css");

    /// <summary>The script at the end of all pages.</summary>
    public static string Script => PageTemplate.Wrapped();

    /// <summary>Renders the page of a notebook.</summary>
    /// <param name="notebook">The notebook, with its outputs.</param>
    /// <param name="options">What surrounds the notebook on the page.</param>
    public static string Render(Notebook notebook, NotebookPageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        options ??= new();
        var markdown = new MarkdownHtml(options.Folder, options.LinkPages ? PageOf : null);
        var body = new StringBuilder();
        var claims = 0;
        foreach (var cell in notebook.Cells)
            body.Append(Cell(cell, markdown, ref claims));
        var title = notebook.Title ?? "Notebook";
        var contents = Contents(markdown.Headings);
        var main = $"<main class=\"{(contents.Length > 0 ? "with-contents" : "")}\">{contents}<article>{Around(options, "Chapters")}" +
            $"{body}{Answers(notebook)}{Around(options, "Chapters, again")}</article></main>" +
            (options.Footer.Length > 0 ? $"<footer>{WebUtility.HtmlEncode(options.Footer)}</footer>" : "");
        return PageTemplate.Page(title, main + DrawnOutput.ForPage(main, options.Libraries));
    }

    /// <summary>The address of the page for a link to a notebook, or null if the link does not lead to a notebook.</summary>
    internal static string? PageOf(string url)
    {
        var parts = url.Split('#', 2);
        var isPage = parts[0].EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase) || Path.GetFileName(parts[0]) == Glossary.FileName;
        return isPage ? Path.ChangeExtension(parts[0], ".html") + (parts.Length > 1 ? "#" + parts[1] : "") : null;
    }

    /// <summary>The anchor of a claim on its notebook's page.</summary>
    /// <param name="index">Its index among the page's claims, from 0, in the order of <see cref="NotebookRunner.Claims"/>.</param>
    internal static string ClaimId(int index) => $"claim-{index + 1}";

    private static string Cell(NotebookCell cell, MarkdownHtml markdown, ref int claims)
    {
        switch (cell.Kind)
        {
            case CellKind.Markdown:
                return $"<section class=\"prose\">{markdown.ToHtml(cell.Source, cell.Attachments)}</section>\n";
            case CellKind.Raw:
                return $"<pre class=\"raw\">{WebUtility.HtmlEncode(cell.Source)}</pre>\n";
        }
        if (cell.Source.Trim().Length == 0 && cell.Outputs.Count == 0)
            return "";
        var html = new StringBuilder("<section class=\"cell\">");
        var number = cell.ExecutionCount is { } n ? $"<span class=\"number\" aria-hidden=\"true\">{n}</span>" : "";
        var code = $"<div class=\"input\">{number}<pre class=\"code\" tabindex=\"0\"><code>" +
            $"{CodeHighlighter.InLines(CodeHighlighter.ToHtml(cell.Source.TrimEnd()))}</code></pre></div>";
        html.Append(
            cell.Tags.Contains(Preparation)
                ? $"<details class=\"hidden\"><summary>{PreparationTitle(cell.Source)}</summary>{code}</details>"
                : code);
        foreach (var output in cell.Outputs)
        {
            var isClaim = output is DisplayOutput { Bundle: var bundle } && bundle[Claim.MimeType] is not null
                && !cell.Tags.Contains(NotebookRunner.MayFail);
            html.Append(OutputHtml.ToHtml(output, markdown, isClaim ? ClaimId(claims++) : null));
        }
        return html.Append("</section>\n").ToString();
    }

    /// <summary>The line that unfolds a preparation, with the comment that the cell begins with.</summary>
    private static string PreparationTitle(string code)
    {
        var first = code.Split('\n').FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? "";
        return "Show the preparation" + (first.StartsWith("// ", StringComparison.Ordinal)
            ? ": " + WebUtility.HtmlEncode(first[3..].TrimEnd('.', ' '))
            : "");
    }

    /// <summary>The right answers to the notebook's questions, for print, where nobody can open an answer.</summary>
    private static string Answers(Notebook notebook)
    {
        var items = new StringBuilder();
        foreach (var output in notebook.Cells.SelectMany(c => c.Outputs).OfType<DisplayOutput>())
        {
            if (output.Bundle[Question.MimeType] is not { } json || JsonNode.Parse(json) is not JsonObject question)
                continue;
            items.Append($"<li>{WebUtility.HtmlEncode(question["question"]?.ToString())}");
            var answers = question["answers"] as JsonArray ?? [];
            for (var i = 0; i < answers.Count; i++)
            {
                if (answers[i]?["correct"]?.GetValueKind() == JsonValueKind.True)
                    items.Append(
                        $" <b>({Question.Letter(i)}) {WebUtility.HtmlEncode(answers[i]!["text"]?.ToString())}.</b> " +
                            WebUtility.HtmlEncode(answers[i]!["why"]?.ToString()));
            }
            items.Append("</li>");
        }
        return items.Length == 0 ? "" : $"<section class=\"prose answers\"><h2>Answers to the questions</h2><ol>{items}</ol></section>";
    }

    /// <summary>The table of contents of a page; empty if there are fewer than three headings of the second and third level.</summary>
    /// <param name="headings">All headings of the page.</param>
    public static string Contents(IReadOnlyList<Heading> headings)
    {
        ArgumentNullException.ThrowIfNull(headings);
        var shown = headings.Where(h => h.Level is 2 or 3).ToList();
        if (shown.Count < 3)
            return "";
        var items =
            string.Concat(
                shown.Select(
                    h =>
                        $"<li class=\"level{h.Level}\"><a href=\"#{WebUtility.HtmlEncode(Uri.EscapeDataString(h.Id))}\">{h.Html}</a>" +
                            "</li>"));
        return $"<nav class=\"contents\" aria-label=\"Contents\"><details open><summary>Contents</summary><ol>{items}</ol></details></nav>";
    }

    private static string Around(NotebookPageOptions options, string label)
    {
        var links = new List<string>();
        if (options.Previous is var (before, previous))
            links.Add($"<a rel=\"prev\" href=\"{WebUtility.HtmlEncode(before)}\">← {WebUtility.HtmlEncode(previous)}</a>");
        if (options.Home is var (home, all))
            links.Add($"<a href=\"{WebUtility.HtmlEncode(home)}\">{WebUtility.HtmlEncode(all)}</a>");
        if (options.Next is var (after, next))
            links.Add($"<a rel=\"next\" href=\"{WebUtility.HtmlEncode(after)}\">{WebUtility.HtmlEncode(next)} →</a>");
        return links.Count == 0 ? "" : $"<nav class=\"around\" aria-label=\"{label}\">{string.Join("", links)}</nav>";
    }
}
