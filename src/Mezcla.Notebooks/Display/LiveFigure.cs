using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mezcla.Notebooks.Cells;

/// <summary>
/// A figure of a text that the reader may replace with one of their own. Where an engine runs behind the page, as in <c>mezcla learn</c>,
/// a field above the figure takes a text, and the function draws it; elsewhere the figure shows the text that it began with:
/// <code>
/// new LiveFigure("And God said", text => Chart.Bars("Letters", "", "").Add("number", [text.Length]))
/// </code>
/// </summary>
public sealed class LiveFigure
{
    /// <summary>The most characters that a reader may write.</summary>
    public const int LongestText = 1000;

    // Figures that nobody can see any more need not be kept: a chapter has some, and each is made anew when its cell runs.
    private const int Kept = 64;

    private static readonly ConcurrentDictionary<string, LiveFigure> Figures = new();
    private static readonly ConcurrentQueue<string> Order = new();

    private readonly string _text;
    private readonly Func<string, object> _draw;

    /// <summary>Makes the figure. It is drawn when it is shown.</summary>
    /// <param name="text">The text that it begins with.</param>
    /// <param name="draw">Draws a text: returns anything that a cell can show, such as a chart.</param>
    public LiveFigure(string text, Func<string, object> draw)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(draw);
        (_text, _draw) = (text, draw);
    }

    /// <summary>Draws the figure for a notebook, in HTML and plain text, and keeps it for <see cref="Answer"/>.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var (html, plain) = Draw(_text);
        // The same figure has the same name in every engine, so the page that a saved notebook gives finds it again after a restart.
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_text + html)))[..16];
        Figures[name] = this;
        Order.Enqueue(name);
        while (Order.Count > Kept && Order.TryDequeue(out var old))
        {
            if (!Order.Contains(old))
                Figures.TryRemove(old, out _);
        }
        var encoded = WebUtility.HtmlEncode(_text);
        var lines = _text.Split('\n').Length;
        var field = lines > 1
            ? $"<textarea rows=\"{lines}\" maxlength=\"{LongestText}\" style=\"width:100%;font:inherit\">\n{encoded}</textarea>"
            : $"<input maxlength=\"{LongestText}\" value=\"{encoded}\" style=\"width:100%;font:inherit\">";
        return new Dictionary<string, string>
        {
            [MimeBundle.Html] = $"<div class=\"mezcla-live\" data-figure=\"{name}\"><div class=\"mezcla-field\" hidden " +
                "style=\"font-family:system-ui,sans-serif;padding:2px 12px;max-width:720px;box-sizing:border-box\">" +
                $"<label>Your own text{field}</label> <button type=\"button\" style=\"font:inherit;margin:4px 0\">Draw it</button> " +
                $"<span role=\"status\"></span></div><div class=\"mezcla-drawing\">{html}</div></div>",
            [MimeBundle.PlainText] = plain,
        };
    }

    /// <summary>Draws a reader's text with a figure that was shown before.</summary>
    /// <param name="figure">The name that the figure's element carries.</param>
    /// <param name="text">The reader's text.</param>
    /// <returns>What to show, in HTML; null if this engine has not shown the figure.</returns>
    /// <exception cref="ArgumentException">The text is longer than <see cref="LongestText"/>.</exception>
    public static string? Answer(string figure, string text)
    {
        ArgumentNullException.ThrowIfNull(figure);
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > LongestText)
            throw new ArgumentException($"The text has {text.Length:N0} characters; a figure takes at most {LongestText:N0}.");
        return Figures.GetValueOrDefault(figure)?.Draw(text).Html;
    }

    private (string Html, string Plain) Draw(string text)
    {
        var bundle = (FormatterSet.Current ?? FormatterSet.Shared).ToBundle(_draw(text));
        var plain = bundle[MimeBundle.PlainText] ?? "";
        return (bundle[MimeBundle.Html] ?? bundle[MimeBundle.Svg] ?? $"<pre>{WebUtility.HtmlEncode(plain)}</pre>", plain);
    }
}
