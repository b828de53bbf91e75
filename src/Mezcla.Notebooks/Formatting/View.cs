namespace Mezcla.Notebooks;

/// <summary>What to show of a value, independent of the output format. It is built once and written as HTML and as plain text.</summary>
internal abstract record View;

/// <summary>A piece of text on one or more lines.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsNumber">Whether to align it to the right.</param>
internal sealed record TextView(string Text, bool IsNumber = false) : View;

/// <summary>A value that provides its own HTML.</summary>
internal sealed record MarkupView(string Html, string Text) : View;

/// <summary>Values in a row.</summary>
/// <param name="Title">Their type and count.</param>
/// <param name="Items">The values shown.</param>
/// <param name="More">A note on what was left out ("… 950 more"), or null.</param>
internal sealed record ListView(string Title, IReadOnlyList<View> Items, string? More) : View;

/// <summary>Values in rows and columns.</summary>
/// <param name="Title">Their type and count.</param>
/// <param name="Columns">The headings.</param>
/// <param name="Rows">One list per row, as long as <paramref name="Columns"/>.</param>
/// <param name="HasLabels">Whether the first column holds the names of the rows.</param>
/// <param name="More">A note on what was left out, or null.</param>
internal sealed record TableView(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<View>> Rows, bool HasLabels,
    string? More) : View
{
    /// <summary>What the heads of the columns say under the pointer, or null.</summary>
    public IReadOnlyList<string>? Hints { get; init; }

    /// <summary>Which columns are aligned as numbers are; if null, those whose every row is a number.</summary>
    public IReadOnlyList<bool>? Numbers { get; init; }

    /// <summary>A row that only says what was left out before the row of this index, or null.</summary>
    public (int Row, string Text)? Gap { get; init; }
}

/// <summary>An object's members.</summary>
/// <param name="Title">Its type.</param>
/// <param name="Text">The result of the type's own ToString, or null if it has none.</param>
/// <param name="Members">Names and values.</param>
internal sealed record ObjectView(string Title, string? Text, IReadOnlyList<KeyValuePair<string, View>> Members) : View
{
    /// <summary>Whether its type has no name that a reader would know.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>
    /// Whether the text has several lines, as a tensor's table of numbers does, and so says more than the members. The text that the
    /// compiler generates for a record does not count.
    /// </summary>
    public bool DrawsItself =>
        Text is { } text && text.Contains('\n', StringComparison.Ordinal) && !text.StartsWith(OwnName + " {", StringComparison.Ordinal);

    // The text of a nested or generic record begins with its bare name.
    private string OwnName => Title.Split('<')[0].Split('.')[^1];
}

/// <summary>An exception.</summary>
internal sealed record ErrorView(string Title, string Message, string Trace) : View;
