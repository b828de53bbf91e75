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
        <title>{WebUtility.HtmlEncode(title)}</title>{(description.Length > 0 ? $"\n<meta name=\"description\" content=\"{WebUtility.HtmlEncode(description)}\">" : "")}
        <style>{Style.Value}{style}</style>
        <script>{EarlyScript}</script>
        </head>
        <body>
        <a class="skip" href="#main">To the text</a>
        <button class="theme" type="button" aria-label="Light or dark" title="Light or dark">◐</button>
        <div id="main">{main}</div>
        <script>{LateScript}</script>
        </body>
        </html>

        """;

    private static readonly Lazy<string> Style = new(() =>
    {
        using var stream = typeof(PageTemplate).Assembly.GetManifestResourceStream("Mezcla.Notebooks.Html.page.css")
            ?? throw new InvalidOperationException("The style sheet page.css is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    // Before anything is drawn, so that a page never flashes in the wrong theme. Storage may be forbidden, as in a file opened from disk.
    private const string EarlyScript = "try{var t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch(e){}";

    // Among other things: a browser without a mathematical font leaves the sign of a root out,
    // which would make another formula of it; it is put there by hand.
    private const string LateScript = """
        document.querySelector('button.theme').onclick=function(){var r=document.documentElement,dark=r.dataset.theme?r.dataset.theme==='dark':matchMedia('(prefers-color-scheme: dark)').matches,t=dark?'light':'dark';r.dataset.theme=t;try{localStorage.setItem('theme',t)}catch(e){}};
        (function(){var r=document.documentElement,t;addEventListener('beforeprint',function(){t=r.dataset.theme;r.dataset.theme='light'});addEventListener('afterprint',function(){if(t)r.dataset.theme=t;else delete r.dataset.theme})})();
        if(navigator.clipboard)document.querySelectorAll('pre.code').forEach(function(p){var b=document.createElement('button');b.type='button';b.className='copy';b.textContent='Copy';b.onclick=function(){navigator.clipboard.writeText(p.textContent).then(function(){b.textContent='Copied';setTimeout(function(){b.textContent='Copy'},1200)})};p.parentNode.insertBefore(b,p.nextSibling);p.parentNode.style.position='relative'});
        document.querySelectorAll('msqrt').forEach(function(s){var c=s.firstElementChild,m,o;if(!c||s.getBoundingClientRect().width>c.getBoundingClientRect().width+2)return;m=document.createElementNS(s.namespaceURI,'mrow');o=document.createElementNS(s.namespaceURI,'mo');o.textContent='√';o.setAttribute('lspace','0');o.setAttribute('rspace','0');c.style.borderTop='.06em solid';s.replaceWith(m);m.append(o,c)});
        if(matchMedia('(max-width: 1100px)').matches)document.querySelectorAll('.contents details').forEach(function(d){d.open=false});
        document.querySelectorAll('.rich,.rich *,pre,.math,.prose table').forEach(function(e){if(e.scrollWidth>e.clientWidth+1&&/auto|scroll/.test(getComputedStyle(e).overflowX)&&!e.closest('svg'))e.tabIndex=0});
        """;
}
