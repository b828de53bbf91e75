using System.Net;

namespace Mezcla.Notebooks.Html;

/// <summary>The HTML common to all pages: style sheet, light and dark switch, and buttons that copy code.</summary>
internal static class PageTemplate
{
    /// <summary>Renders a complete page.</summary>
    /// <param name="title">The page's title, unencoded.</param>
    /// <param name="main">Its content in HTML.</param>
    /// <param name="style">CSS rules for this page only.</param>
    /// <param name="description">What the page is about, for search engines and previews.</param>
    public static string Page(string title, string main, string style = "", string description = "") => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{WebUtility.HtmlEncode(title)}</title>{Description(description)}
        <style>{Style.Value}{style}</style>
        <script>{EarlyScript}</script>
        </head>
        <body>
        <a class="skip" href="#main">To the text</a>
        <button class="theme" type="button" aria-label="Light or dark" title="Light or dark">◐</button>
        <div id="main">{main}</div>
        <script>{LateScript.Value}</script>
        </body>
        </html>

        """;

    private static string Description(string text) =>
        text.Length > 0 ? $"\n<meta name=\"description\" content=\"{WebUtility.HtmlEncode(text)}\">" : "";

    private static readonly Lazy<string> Style = new(() => Resource("page.css"));

    // The script is wrapped in a block, so that its names are not global.
    private static readonly Lazy<string> LateScript = new(Wrapped);

    // This runs before the page is drawn, so that it never flashes in the wrong
    // theme. Reading storage may throw, as in a file opened from disk.
    private const string EarlyScript = "try{var t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch(e){}";

    /// <summary>The late script in its block.</summary>
    public static string Wrapped() => $"{{\n{Resource("page.js")}}}";

    /// <summary>The text of a file that stands in the assembly.</summary>
    public static string Resource(string name)
    {
        using var reader = new StreamReader(ResourceStream(name));
        return reader.ReadToEnd();
    }

    /// <summary>A file that the assembly carries.</summary>
    internal static Stream ResourceStream(string name) =>
        typeof(PageTemplate).Assembly.GetManifestResourceStream($"Mezcla.Notebooks.Html.{name}")
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
}
