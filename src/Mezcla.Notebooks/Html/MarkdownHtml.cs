using System.Net;
using System.Text.Json.Nodes;
using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Mezcla.Notebooks.Html;

/// <summary>A heading of a page.</summary>
/// <param name="Level">1 to 6.</param>
/// <param name="Id">Its anchor.</param>
/// <param name="Html">Its text as inline HTML without links.</param>
public sealed record Heading(int Level, string Id, string Html);

/// <summary>
/// Renders the Markdown of a notebook: formulas as MathML, C# highlighted, headings with the anchors that Jupyter gives them, and
/// pictures from the notebook's folder and its attachments embedded in the page.
/// </summary>
public sealed class MarkdownHtml
{
    private const long LargestPicture = 8 << 20;
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseGridTables().UseMathematics().UseTaskLists().UseFootnotes().UseEmphasisExtras().UseAutoLinks()
        .UseDefinitionLists().UseAlertBlocks().Build();

    private readonly string? _folder;
    private readonly Func<string, string?>? _link;
    private readonly HashSet<string> _used = [];

    /// <summary>Creates a renderer for one page.</summary>
    /// <param name="folder">The folder of relative picture paths, or null to leave such pictures out.</param>
    /// <param name="link">Returns a new target for a relative link, or null to keep the target.</param>
    public MarkdownHtml(string? folder, Func<string, string?>? link = null) => (_folder, _link) = (folder, link);

    /// <summary>The headings rendered so far.</summary>
    public List<Heading> Headings { get; } = [];

    /// <summary>The unsupported LaTeX commands found so far.</summary>
    public List<string> UnknownLatex { get; } = [];

    /// <summary>Renders a text as HTML.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="attachments">The attachments of the cell.</param>
    /// <param name="collect">Whether its headings are added to <see cref="Headings"/>.</param>
    public string ToHtml(string markdown, JsonObject? attachments = null, bool collect = true)
    {
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var link in document.Descendants<LinkInline>())
            Rewrite(link, attachments);
        foreach (var heading in document.Descendants<HeadingBlock>().Where(_ => collect))
            Register(heading);
        return Render(document);
    }

    private string Render(MarkdownObject markdown)
    {
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<HtmlMathInlineRenderer>(new MathInlines(this));
        renderer.ObjectRenderers.Replace<HtmlMathBlockRenderer>(new MathBlocks(this));
        renderer.ObjectRenderers.Replace<CodeBlockRenderer>(new CodeBlocks());
        renderer.Render(markdown);
        return writer.ToString();
    }

    /// <summary>A formula on a line of its own. On a narrow page each of its statements gets a line.</summary>
    private string Block(string tex, string element)
    {
        var statements = LatexStatements.Of(tex);
        var math = string.Concat(statements.Select(statement => Latex(statement, display: true)));
        return $"<{element} class=\"math{(statements.Count > 1 ? " statements" : "")}\">{math}</{element}>";
    }

    private string Latex(string tex, bool display)
    {
        var (math, unknown) = LatexMath.Convert(tex, display);
        UnknownLatex.AddRange(unknown);
        return math;
    }

    private void Register(HeadingBlock heading)
    {
        if (heading.Inline is null)
            return;
        // Jupyter's anchor of a heading is its text with spaces replaced by hyphens. Existing links rely on that.
        var text =
            string.Concat(
                heading.Inline.Descendants()
                    .Select(i => i switch
                    {
                        LiteralInline l => l.Content.ToString(),
                        CodeInline c => c.Content,
                        MathInline m => m.Content.ToString(),
                        _ => ""
                    })).Trim();
        var id = text.Length == 0 ? "section" : text.Replace(' ', '-');
        for (var n = 2; !_used.Add(id); n++)
            id = $"{text.Replace(' ', '-')}-{n}";
        heading.GetAttributes().Id = id;
        using var writer = new StringWriter();
        var renderer = new HtmlRenderer(writer);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.Replace<HtmlMathInlineRenderer>(new MathInlines(this));
        renderer.ObjectRenderers.RemoveAll(r => r is Markdig.Renderers.Html.Inlines.LinkInlineRenderer);
        renderer.ObjectRenderers.Add(new WordsOnly());
        renderer.WriteChildren(heading.Inline);
        Headings.Add(new(heading.Level, id, writer.ToString()));
        heading.Inline.AppendChild(
            new HtmlInline(
                $"<a class=\"anchor\" href=\"#{WebUtility.HtmlEncode(Uri.EscapeDataString(id))}\" aria-label=\"Link to this " +
                    "section\">#</a>"));
    }

    private void Rewrite(LinkInline link, JsonObject? attachments)
    {
        var url = link.Url ?? "";
        if (!link.IsImage)
        {
            if (_link is not null && !url.Contains("://", StringComparison.Ordinal) && !url.StartsWith('#'))
                link.Url = _link(url) ?? url;
            return;
        }
        if (url.StartsWith("data:", StringComparison.Ordinal))
            return;
        if (Picture(url, attachments) is { } data)
        {
            link.Url = data;
            return;
        }
        // The page must not load anything, so it links to the picture instead.
        link.IsImage = false;
        if (link.FirstChild is null)
            link.AppendChild(new LiteralInline("picture"));
    }

    private string? Picture(string url, JsonObject? attachments)
    {
        if (url.StartsWith("attachment:", StringComparison.Ordinal))
        {
            return attachments?[Uri.UnescapeDataString(url["attachment:".Length..])] is JsonObject bundle
                && bundle.FirstOrDefault(p => p.Key.StartsWith("image/", StringComparison.Ordinal)) is { Key: not null } image
                ? $"data:{image.Key};base64,{image.Value?.GetValue<string>().Replace("\n", "")}"
                : null;
        }
        if (_folder is null || url.Contains(':'))
            return null;
        var type = Path.GetExtension(url).ToLowerInvariant() switch
        {
            ".png" => "image/png",
            ".jpg" or ".jpeg" => "image/jpeg",
            ".gif" => "image/gif",
            ".svg" => "image/svg+xml",
            ".webp" => "image/webp",
            _ => null
        };
        var path = Path.Combine(_folder, Uri.UnescapeDataString(url.Split('?', '#')[0]));
        return type is not null && File.Exists(path) && new FileInfo(path).Length <= LargestPicture
            ? $"data:{type};base64,{Convert.ToBase64String(File.ReadAllBytes(path))}" : null;
    }

    private sealed class MathInlines(MarkdownHtml page) : HtmlObjectRenderer<MathInline>
    {
        private const int LongestUnbroken = 40;

        protected override void Write(HtmlRenderer renderer, MathInline obj)
        {
            if (obj.DelimiterCount > 1)
            {
                renderer.Write(page.Block(obj.Content.ToString(), "span"));
                return;
            }

            // A full stop or comma stays on the formula's line, unless the formula is so long that it has to be broken itself.
            var formula = page.Latex(obj.Content.ToString(), display: false);
            var mark = obj.Content.Length <= LongestUnbroken && obj.NextSibling is LiteralInline { Content: { Length: > 0 } next }
                && next.CurrentChar is '.' or ',' or ';' or ':' or ')'
                    ? next.CurrentChar.ToString()
                    : "";
            if (mark.Length > 0)
                ((LiteralInline)obj.NextSibling!).Content.SkipChar();
            renderer.Write(mark.Length > 0 ? $"<span class=\"whole\">{formula}{mark}</span>" : formula);
        }
    }

    private sealed class MathBlocks(MarkdownHtml page) : HtmlObjectRenderer<MathBlock>
    {
        protected override void Write(HtmlRenderer renderer, MathBlock obj) =>
            renderer.EnsureLine().WriteLine(page.Block(obj.Lines.ToString(), "div"));
    }

    private sealed class CodeBlocks : HtmlObjectRenderer<CodeBlock>
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock obj)
        {
            var language = (obj as FencedCodeBlock)?.Info?.ToLowerInvariant() ?? "";
            var code = obj.Lines.ToString();
            renderer.EnsureLine().Write("<pre class=\"code\"><code>");
            renderer.Write(
                CodeHighlighter.InLines(language is "csharp" or "c#" or "cs" ? CodeHighlighter.ToHtml(code) : WebUtility.HtmlEncode(code)));
            renderer.WriteLine("</code></pre>");
        }
    }

    private sealed class WordsOnly : HtmlObjectRenderer<LinkInline>
    {
        protected override void Write(HtmlRenderer renderer, LinkInline obj) => renderer.WriteChildren(obj);
    }
}
