namespace Mezcla.Kernel.Server;

/// <summary>Jupyter counts cursor positions in Unicode code points, .NET in UTF-16 units; an emoji is one there and two here.</summary>
internal static class CodePoints
{
    /// <summary>The UTF-16 index of a position in code points; positions outside the text become its ends.</summary>
    public static int ToUtf16(string text, int position)
    {
        var index = 0;
        for (; position > 0 && index < text.Length; position--)
            index += IsPair(text, index) ? 2 : 1;
        return index;
    }

    /// <summary>The position in code points of a UTF-16 index.</summary>
    public static int FromUtf16(string text, int index)
    {
        var position = 0;
        for (var i = 0; i < Math.Min(index, text.Length); position++)
            i += IsPair(text, i) ? 2 : 1;
        return position;
    }

    private static bool IsPair(string text, int index) => index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
}
