using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Writes views as HTML. It takes its colours from the page, so it is readable on light and dark pages.</summary>
internal static partial class HtmlWriter
{
    private const string Style =
        "<style>.mz{font-size:13px;line-height:1.45;overflow-x:auto;max-width:100%}"
        + ".mz table{border-collapse:collapse;margin:.2em 0;width:auto}"
        + ".mz th,.mz td{border:1px solid rgba(128,128,128,.35);padding:.2em .6em;text-align:left;vertical-align:top;white-space:pre-wrap}"
        + ".mz th{background:rgba(128,128,128,.14);font-weight:600}.mz td.n{text-align:right;font-variant-numeric:tabular-nums}"
        + ".mz summary{cursor:pointer}.mz .m{opacity:.7;font-style:italic}.mz pre{margin:.3em 0;white-space:pre-wrap}</style>";

    // Rows of a data frame stay one line high, and the table scrolls sideways.
    private const string FrameStart = "<style>.mz.mzf td,.mz.mzf th{white-space:pre}</style><div class=\"mz mzf\">";

    private const string NumberHead = "<th style=\"text-align:right\"";

    public static string Write(View view)
    {
        var html = new StringBuilder(Style).Append(view is TableView { Hints: not null } ? FrameStart : "<div class=\"mz\">");
        Write(html, view, isTop: true);
        return html.Append("</div>").ToString();
    }

    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static void Write(StringBuilder html, View view, bool isTop)
    {
        switch (view)
        {
            case TextView text:
                html.Append(Encode(text.Text));
                break;
            case MarkupView markup:
                html.Append(markup.Html);
                break;
            case ListView list when isTop && list.Items.All(item => item is TextView):
                WriteInline(html, list);
                break;
            case ListView list:
                Fold(html, list.Title, isTop, () => WriteList(html, list));
                break;
            case TableView table:
                Fold(html, table.Title, isTop, () => WriteTable(html, table));
                break;
            case ObjectView item when isTop && item.DrawsItself:
                html.Append("<pre>").Append(Encode(item.Text!)).Append("</pre>");
                Fold(html, item.Title, isTop: false, () => WriteMembers(html, item));
                break;
            case ObjectView item:
                Fold(html, item.Text ?? item.Title, isTop, () => WriteMembers(html, item));
                break;
            case ErrorView error:
                html.Append("<details><summary><strong>").Append(Encode(error.Title)).Append("</strong>: ").Append(Encode(error.Message))
                    .Append("</summary><pre>").Append(Encode(error.Trace)).Append("</pre></details>");
                break;
        }
    }

    /// <summary>Nested parts are folded away under a line with their title.</summary>
    private static void Fold(StringBuilder html, string title, bool isTop, Action write)
    {
        if (!isTop)
            html.Append("<details><summary>").Append(Encode(title)).Append("</summary>");

        write();
        if (!isTop)
            html.Append("</details>");
    }

    private static void WriteInline(StringBuilder html, ListView list)
    {
        html.Append("<span class=\"m\">").Append(Encode(list.Title)).Append("</span> [")
            .AppendJoin(", ", list.Items.Select(item => Encode(((TextView)item).Text))).Append(']');
        WriteMore(html, list.More);
    }

    private static void WriteList(StringBuilder html, ListView list)
    {
        html.Append("<table><tbody>");
        for (var i = 0; i < list.Items.Count; i++)
        {
            html.Append("<tr><th>").Append(i).Append("</th>");
            WriteCell(html, list.Items[i]);
            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        WriteMore(html, list.More);
    }

    private static void WriteTable(StringBuilder html, TableView table)
    {
        html.Append("<table><thead><tr>");
        for (var i = 0; i < table.Columns.Count; i++)
        {
            html.Append(table.Numbers?[i] == true ? NumberHead : "<th");
            if (table.Hints?[i] is { Length: > 0 } hint)
                html.Append(" title=\"").Append(Encode(hint)).Append('"');
            html.Append('>').Append(Encode(table.Columns[i])).Append("</th>");
        }

        html.Append("</tr></thead><tbody>");
        // A column of numbers that were formatted as text is aligned as numbers are.
        var numbers = table.Numbers ?? Enumerable.Range(0, table.Columns.Count).Select(column => table.Rows.All(
            row => column < row.Count && row[column] is TextView text && (text.IsNumber || NumberAsText().IsMatch(text.Text)))).ToArray();
        for (var r = 0; r < table.Rows.Count; r++)
        {
            var row = table.Rows[r];
            if (table.Gap is var (at, left) && at == r)
                html.Append($"<tr><td class=\"m\" colspan=\"{table.Columns.Count}\">").Append(Encode(left)).Append("</td></tr>");
            html.Append("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                if (i == 0 && table.HasLabels && row[i] is TextView label)
                    html.Append(table.Numbers?[0] == true ? NumberHead : "<th").Append('>').Append(Encode(label.Text)).Append("</th>");
                else
                    WriteCell(html, row[i], i < numbers.Count && numbers[i]);
            }

            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
        WriteMore(html, table.More);
    }

    private static void WriteMembers(StringBuilder html, ObjectView item)
    {
        html.Append("<table>");
        if (!item.IsAnonymous)
            html.Append("<thead><tr><th colspan=\"2\">").Append(Encode(item.Title)).Append("</th></tr></thead>");
        html.Append("<tbody>");
        foreach (var (name, value) in item.Members)
        {
            html.Append("<tr><th>").Append(Encode(name)).Append("</th>");
            WriteCell(html, value);
            html.Append("</tr>");
        }

        html.Append("</tbody></table>");
    }

    private static void WriteCell(StringBuilder html, View view, bool isNumber = false)
    {
        html.Append(isNumber || view is TextView { IsNumber: true } ? "<td class=\"n\">" : "<td>");
        Write(html, view, isTop: false);
        html.Append("</td>");
    }

    private static void WriteMore(StringBuilder html, string? more)
    {
        if (more is not null)
            html.Append("<div class=\"m\">").Append(Encode(more)).Append("</div>");
    }

    [GeneratedRegex(@"^[-−+±]?\d[\d.,]*( ?(%|×|[a-zA-Zµ]{1,3}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex NumberAsText();
}
