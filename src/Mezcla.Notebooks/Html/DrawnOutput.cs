using System.Net;
using System.Text.Encodings.Web;

namespace Mezcla.Notebooks.Html;

/// <summary>Outputs that a library of scripts draws in the browser. Words stand for them where no script runs.</summary>
public static class DrawnOutput
{
    private static readonly Lazy<string> Script = new(() => PageTemplate.Resource("drawn.js"));

    /// <summary>The library that draws Mermaid's diagrams; it ships with this one.</summary>
    internal static ScriptLibrary Mermaid { get; } =
        new(MimeBundle.Mermaid, () => PageTemplate.ResourceStream("mermaid.min.js.gz"));

    /// <summary>HTML for a front end: it shows the words, and draws the content as soon as the front end has got the library.</summary>
    /// <param name="mimeType">The MIME type.</param>
    /// <param name="content">The content under that type.</param>
    /// <param name="words">What it shows, in words.</param>
    public static string ToHtml(string mimeType, string content, string words) => Place(mimeType, content,
        $"{words}. It is drawn by a script that comes with the first such output of a session. If nothing is drawn here, restart the "
        + "kernel and run the notebook again.") + $"<script>{Script.Value}mezclaDraw.all();</script>";

    /// <summary>HTML that gives a front end or a page the library. It shows nothing.</summary>
    /// <param name="library">The library.</param>
    public static string Provide(ScriptLibrary library)
    {
        ArgumentNullException.ThrowIfNull(library);
        var type = JavaScriptEncoder.Default.Encode(library.MimeType);
        return $"<script>{Script.Value}mezclaDraw.provide('{type}','{library.Packed}');</script>";
    }

    /// <summary>The HTML of an output on a page, or null if nothing in the bundle is drawn by a library.</summary>
    internal static string? OnPage(MimeBundle bundle)
    {
        if (bundle[MimeBundle.Plotly] is { } figure)
            return Place(MimeBundle.Plotly, figure,
                $"{bundle[MimeBundle.PlainText] ?? "A chart"}. It is drawn by a script; these words stand for it where no script runs.");

        return bundle[MimeBundle.Html] is null && bundle[MimeBundle.Mermaid] is { } diagram ? Place(MimeBundle.Mermaid, diagram, diagram)
            : null;
    }

    /// <summary>What the end of a page needs for its drawn outputs: the libraries of those that it has, each once; nothing if it has
    /// none.</summary>
    /// <param name="body">The page.</param>
    /// <param name="libraries">The libraries that there are besides Mermaid.</param>
    public static string ForPage(string body, IEnumerable<ScriptLibrary> libraries)
    {
        ArgumentNullException.ThrowIfNull(body);
        var used = libraries.Append(Mermaid).Where(library => body.Contains(Mark(library.MimeType), StringComparison.Ordinal)).ToList();
        return used.Count == 0 ? "" : string.Concat(used.Select(Provide)) + "<script>mezclaDraw.all();</script>";
    }

    // The words of a diagram are its source, in which lines count.
    private static string Place(string mimeType, string content, string words) =>
        $"<div class=\"mezcla-drawn\" {Mark(mimeType)}><script type=\"text/plain\">{Inside(content)}</script>"
        + $"<div class=\"words\" style=\"white-space:pre-wrap\">{WebUtility.HtmlEncode(words)}</div></div>";

    private static string Mark(string mimeType) => $"data-mime=\"{mimeType}\"";

    // A script element ends at the first </script, so the sign is written as an entity, which drawn.js resolves.
    private static string Inside(string content) => content.Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal);
}
