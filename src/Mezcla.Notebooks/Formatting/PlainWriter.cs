using System.Globalization;
using System.Text;

namespace Mezcla.Notebooks;

/// <summary>Writes views as plain text, tables in aligned columns.</summary>
internal static class PlainWriter
{
    private const int WidestColumn = 40;

    public static string Write(View view) => view switch
    {
        TableView table => Table(table),
        ListView list when list.Items.Any(item => item is not TextView) => Lines(list),
        ErrorView error => $"{error.Title}: {error.Message}" + (error.Trace.Length > 0 ? "\n" + error.Trace : ""),
        ObjectView { Text: { } own } => own,
        _ => Inline(view),
    };

    /// <summary>A view on one line.</summary>
    public static string Inline(View view) => view switch
    {
        TextView text => text.Text,
        MarkupView markup => markup.Text,
        ListView list => $"[{string.Join(", ", list.Items.Select(Inline))}{(list.More is null ? "" : ", " + list.More)}]",
        TableView table => table.Title,
        ObjectView { Text: { } own } => own,
        ObjectView item =>
            $"{item.Title} {{ {string.Join(", ", item.Members.Select(member => $"{member.Key} = {Inline(member.Value)}"))} }}",
        ErrorView error => $"{error.Title}: {error.Message}",
        _ => "",
    };

    private static string Lines(ListView list)
    {
        var lines = list.Items.Select((item, i) => FormattableString.Invariant($"[{i}] {Inline(item)}")).Prepend(list.Title);
        return string.Join('\n', list.More is null ? lines : lines.Append(list.More));
    }

    private static string Table(TableView table)
    {
        var cells = table.Rows.Select(row => row.Select(cell => Cut(Inline(cell))).ToList()).Prepend(table.Columns.Select(Cut).ToList())
            .ToList();
        var widths = Enumerable.Range(0, table.Columns.Count).Select(i => cells.Max(row => Width(row[i]))).ToList();
        var text = new StringBuilder();
        for (var i = 0; i < cells.Count; i++)
        {
            var line = string.Join("  ", cells[i].Select((cell, j) => Pad(cell, widths[j], IsNumeric(table, j))));
            if (table.Gap is var (at, left) && at == i - 1)
                text.Append(left).Append('\n');
            text.Append(line.TrimEnd()).Append('\n');
            if (i == 0)
                text.Append(string.Join("  ", widths.Select(width => new string('─', width)))).Append('\n');
        }

        return table.More is null ? text.ToString().TrimEnd('\n') : text.Append(table.More).ToString();
    }

    private static bool IsNumeric(TableView table, int column) => table.Numbers is { } known
        ? known[column]
        : table.Rows.Count > 0 && table.Rows.All(row => row[column] is TextView { IsNumber: true } or TextView { Text: "" });

    private static string Pad(string cell, int width, bool toTheRight)
    {
        var space = new string(' ', Math.Max(0, width - Width(cell)));
        return toTheRight ? space + cell : cell + space;
    }

    private static int Width(string text) => new StringInfo(text).LengthInTextElements;

    private static string Cut(string text)
    {
        text = text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "⏎", StringComparison.Ordinal);
        var elements = new StringInfo(text);
        return elements.LengthInTextElements <= WidestColumn ? text : elements.SubstringByTextElements(0, WidestColumn - 1) + "…";
    }
}
