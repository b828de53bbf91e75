namespace Mezcla.Notebooks;

/// <summary>A column of a table that <see cref="TableForm"/> shows.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Type">The type of its values; numbers are aligned to the right.</param>
/// <param name="Note">What the heading says under the pointer, besides the type; may be empty.</param>
public sealed record TableColumn(string Name, Type Type, string Note = "");

/// <summary>Shows tables whose rows are numbered, such as data frames, as HTML and as text.</summary>
public static class TableForm
{
    /// <summary>The most rows that a table shows without leaving out any.</summary>
    public const int WholeRows = 20;

    /// <summary>How many of the first rows of a longer table are shown.</summary>
    public const int FirstRows = 10;

    /// <summary>How many of the last rows of a longer table are shown.</summary>
    public const int LastRows = 5;

    private const int MostColumns = 30, LongestText = 60;

    private static readonly ViewLimits Inside = new(Rows: 3, Items: 10, Depth: 2);

    /// <summary>The form of a table.</summary>
    /// <param name="title">What it is, such as a type's name.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="value">Gives the value in a row and a column, counted from 0; null for a missing value.</param>
    public static MimeBundle Of(string title, IReadOnlyList<TableColumn> columns, long rows, Func<long, int, object?> value)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(value);
        var shown = columns.Take(MostColumns).ToList();
        long[] numbers = rows <= WholeRows
            ? [.. Range(0, rows)]
            : [.. Range(0, FirstRows), .. Range(rows - LastRows, rows)];
        var cells = numbers.Select(IReadOnlyList<View> (row) =>
            [new TextView(FormattableString.Invariant($"{row}"), IsNumber: true),
                .. shown.Select((_, i) => ViewOf(value(row, i)))]).ToList();
        var view = new TableView(title, ["", .. shown.Select(column => column.Name)], cells, HasLabels: true, More(columns.Count, rows))
        {
            Hints = ["", .. shown.Select(HintOf)],
            Numbers = [true, .. shown.Select(column => IsNumber(column.Type))],
            Gap = rows <= WholeRows
                ? null
                : (FirstRows, FormattableString.Invariant($"… {rows - FirstRows - LastRows:N0} rows left out, {rows:N0} in all")),
        };
        return new MimeBundle(
        [
            KeyValuePair.Create(MimeBundle.Html, HtmlWriter.Write(view)),
            KeyValuePair.Create(MimeBundle.PlainText, PlainWriter.Write(view)),
        ]);
    }

    private static IEnumerable<long> Range(long from, long to)
    {
        for (var i = from; i < to; i++)
            yield return i;
    }

    // A missing value looks unlike the text "null" and unlike an empty text. A long text is whole under the pointer.
    private static View ViewOf(object? value) => value switch
    {
        null => new MarkupView("<i class=\"m\">null</i>", "null"),
        string { Length: > LongestText } text when text[..(LongestText - 1)] + "…" is var cut =>
            new MarkupView($"<span title=\"{HtmlWriter.Encode(text)}\">{HtmlWriter.Encode(cut)}</span>", text),
        _ => new ViewBuilder(Inside, _ => null).Build(value, 1),
    };

    private static string HintOf(TableColumn column) =>
        TypeNames.Short(column.Type) + (column.Note.Length > 0 ? ", " + column.Note : "");

    private static bool IsNumber(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var bare
        && (bare == typeof(decimal) || (bare.IsPrimitive && bare != typeof(bool) && bare != typeof(char)));

    private static string? More(int columns, long rows) => columns > MostColumns
        ? FormattableString.Invariant($"… {MostColumns} of {columns} columns shown")
        : rows == 0 ? "no rows" : null;
}
