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
/// <param name="Html">Its words as inline HTML without links.</param>
internal sealed record Heading(int Level, string Id, string Html);

/// <summary>
/// Renders the Markdown of a notebook: mathematics as MathML, C# coloured, headings with the anchors that Jupyter gives them, pictures of
/// the notebook's folder and attachments inside the page.
/// </summary>
internal sealed class MarkdownHtml
{
    private const long LargestPicture = 8 << 20;
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseGridTables().UseMathematics().UseTaskLists().UseFootnotes().UseEmphasisExtras().UseAutoLinks()
        .UseDefinitionLists().UseAlertBlocks().Build();

    private readonly string? _folder;
    private readonly Func<string, string?>? _link;
    private readonly HashSet<string> _used = [];

    /// <summary>Renders for one page.</summary>
    /// <param name="folder">Where relative pictures are; null if they cannot be had.</param>
    /// <param name="link">Changes the target of a relative link, or returns null to leave it.</param>
    public MarkdownHtml(string? folder, Func<string, string?>? link = null) => (_folder, _link) = (folder, link);

    /// <summary>The headings so far.</summary>
    public List<Heading> Headings { get; } = [];

    /// <summary>LaTeX commands so far that were not understood.</summary>
    public List<string> UnknownLatex { get; } = [];

    /// <summary>The HTML of a text.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="attachments">Pictures the cell brings with it.</param>
    /// <param name="collect">Whether its headings belong to the page's contents.</param>
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
        // Jupyter's anchor of a heading is its text with hyphens for spaces; readers link to that.
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
        // A page that loads nothing from elsewhere links to the picture in its place.
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
        protected override void Write(HtmlRenderer renderer, MathInline obj)
        {
            var display = obj.DelimiterCount > 1;
            renderer.Write(display ? "<span class=\"math\">" : "").Write(page.Latex(obj.Content.ToString(), display))
                .Write(display ? "</span>" : "");
        }
    }

    private sealed class MathBlocks(MarkdownHtml page) : HtmlObjectRenderer<MathBlock>
    {
        protected override void Write(HtmlRenderer renderer, MathBlock obj) =>
            renderer.EnsureLine().Write("<div class=\"math\">").Write(page.Latex(obj.Lines.ToString(), display: true)).WriteLine("</div>");
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
