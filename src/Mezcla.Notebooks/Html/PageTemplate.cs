using System.Net;

namespace Mezcla.Notebooks.Html;

/// <summary>The frame of every page: style, the switch between light and dark, buttons that copy code.</summary>
internal static class PageTemplate
{
    /// <summary>A whole page.</summary>
    /// <param name="title">The page's title, unencoded.</param>
    /// <param name="main">Its content in HTML.</param>
    /// <param name="style">Rules for this page alone.</param>
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

    // It stands in a block, so that its names are none of the page's.
    private static readonly Lazy<string> LateScript = new(() => $"{{\n{Resource("page.js")}}}");

    // Before anything is drawn, so that a page never flashes in the wrong theme. Storage may be forbidden, as in a file opened from disk.
    private const string EarlyScript = "try{var t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch(e){}";

    private static string Resource(string name)
    {
        using var stream = typeof(PageTemplate).Assembly.GetManifestResourceStream($"Mezcla.Notebooks.Html.{name}")
            ?? throw new InvalidOperationException($"The resource {name} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
