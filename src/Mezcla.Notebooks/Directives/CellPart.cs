namespace Mezcla.Notebooks;

/// <summary>The kinds of parts of a cell, each processed differently.</summary>
internal enum PartKind
{
    /// <summary>C# to run. The text is as long as the cell, with the other parts blanked, so that positions are the cell's.</summary>
    Code,

    /// <summary>Text to display under a MIME type.</summary>
    Content,

    /// <summary>A text to keep under a name: <c>#!value</c>.</summary>
    Value,

    /// <summary>Code in a language that this kernel does not run.</summary>
    Foreign,

    /// <summary><c>#r</c>, <c>#i</c> or <c>#load</c>.</summary>
    Reference,

    /// <summary>Any other <c>#!name</c>.</summary>
    Magic,
}

/// <summary>A part of a cell.</summary>
/// <param name="Kind">How to process it.</param>
/// <param name="Name">The directive's name (<c>r</c>, <c>i</c>, <c>load</c>, <c>time</c>), the MIME type of content, the arguments of a
/// value, or the name of a foreign language.</param>
/// <param name="Text">The code, the content, or the directive's argument.</param>
/// <param name="Line">Its first line in the cell, from 1.</param>
internal sealed record CellPart(PartKind Kind, string Name, string Text, int Line);
