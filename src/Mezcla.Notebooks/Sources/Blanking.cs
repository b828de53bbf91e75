using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>Takes parts out of a text without moving the rest, so that every line and column stays what the user sees.</summary>
internal static class Blanking
{
    /// <summary>The text with these stretches replaced by spaces.</summary>
    public static string Without(string text, IEnumerable<TextSpan> spans)
    {
        var kept = text.ToCharArray();
        foreach (var span in spans)
        {
            for (var i = span.Start; i < span.End; i++)
                kept[i] = IsLineEnd(kept[i]) ? kept[i] : ' ';
        }

        return new string(kept);
    }

    /// <summary>The text with everything but these stretches replaced by spaces.</summary>
    public static string Only(string text, IEnumerable<TextSpan> spans)
    {
        var kept = new char[text.Length];
        for (var i = 0; i < kept.Length; i++)
            kept[i] = IsLineEnd(text[i]) ? text[i] : ' ';

        foreach (var span in spans)
            text.CopyTo(span.Start, kept, span.Start, span.Length);

        return new string(kept);
    }

    private static bool IsLineEnd(char character) => character is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029';
}
