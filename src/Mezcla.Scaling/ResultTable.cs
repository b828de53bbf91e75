using System.Net;
using System.Text;

namespace Mezcla.Scaling;

/// <summary>Writes tables as HTML and as text, for results that a notebook shows.</summary>
public static class ResultTable
{
    /// <summary>What <c>ToMimeBundle</c> returns: both forms under their MIME types.</summary>
    public static IReadOnlyDictionary<string, string> Bundle(string html, string text) =>
        new Dictionary<string, string> { ["text/html"] = html, ["text/plain"] = text };

    /// <summary>A table as HTML, with text aligned to the left.</summary>
    public static string Html(string? caption, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        var html = new StringBuilder("<table>");
        if (caption is not null)
            html.Append("<caption>").Append(WebUtility.HtmlEncode(caption)).Append("</caption>");
        html.Append("<thead><tr>").AppendJoin("", headers.Select(header => $"<th>{WebUtility.HtmlEncode(header)}</th>"))
            .Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in rows)
            html.Append("<tr>").AppendJoin("",
                row.Select(cell => $"<td style=\"text-align:left;{Width(cell)}\">{WebUtility.HtmlEncode(cell)}</td>")).Append("</tr>");
        return html.Append("</tbody></table>").ToString();
    }

    // A number stays on one line, and a sentence gets a minimum width: on a narrow screen the table scrolls instead of shrinking.
    private static string Width(string cell) => cell.Length <= 10 ? "white-space:nowrap" : cell.Length > 40 ? "min-width:14em" : "";

    /// <summary>A table as text, with columns padded to equal width.</summary>
    public static string Text(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] all = [headers, .. rows];
        int[] widths = [.. Enumerable.Range(0, headers.Count).Select(column => all.Max(row => row[column].Length))];
        return string.Join('\n',
            all.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
