namespace Mezcla.Notebooks;

/// <summary>What to show of a value, before it is decided how: made once, written as HTML and as plain text.</summary>
internal abstract record View;

/// <summary>A piece of text on one or more lines.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsNumber">Whether to align it to the right.</param>
internal sealed record TextView(string Text, bool IsNumber = false) : View;

/// <summary>A value that brought its own HTML.</summary>
internal sealed record MarkupView(string Html, string Text) : View;

/// <summary>Values in a row.</summary>
/// <param name="Title">What they are: type and count.</param>
/// <param name="Items">The values shown.</param>
/// <param name="More">What was left out ("… 950 more"), or null.</param>
internal sealed record ListView(string Title, IReadOnlyList<View> Items, string? More) : View;

/// <summary>Values in rows and columns.</summary>
/// <param name="Title">What they are: type and count.</param>
/// <param name="Columns">Headings.</param>
/// <param name="Rows">One list a row, as long as <paramref name="Columns"/>.</param>
/// <param name="HasLabels">Whether the first column names the rows.</param>
/// <param name="More">What was left out, or null.</param>
internal sealed record TableView(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<View>> Rows, bool HasLabels,
    string? More) : View;

/// <summary>An object's members.</summary>
/// <param name="Title">Its type.</param>
/// <param name="Text">What its own ToString says, or null if it has none of its own.</param>
/// <param name="Members">Names and values.</param>
internal sealed record ObjectView(string Title, string? Text, IReadOnlyList<KeyValuePair<string, View>> Members) : View
{
    /// <summary>Whether the text is a drawing in lines, as of a tensor's numbers, which says more than
    /// the members do. What the compiler writes for a record is none.</summary>
    public bool DrawsItself =>
        Text is { } text && text.Contains('\n', StringComparison.Ordinal) && !text.StartsWith(OwnName + " {", StringComparison.Ordinal);

    // A nested or generic record calls itself by its bare name.
    private string OwnName => Title.Split('<')[0].Split('.')[^1];
}

/// <summary>An exception.</summary>
internal sealed record ErrorView(string Title, string Message, string Trace) : View;
