using System.Globalization;

namespace Mezcla.Tokenization;

/// <summary>
/// The properties of a code point that the split patterns test. Exactly one of Letter, Number, Other and Space is set; if none is, the text
/// has ended. Upper and Lower are GPT-4o's two classes of word characters, <c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c> and
/// <c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>.
/// </summary>
[Flags]
internal enum CharacterClass : byte
{
    End = 0, Letter = 1, Number = 2, Other = 4, Space = 8, NewLine = 16, Upper = 32, Lower = 64,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] BasicPlane = [.. Enumerable.Range(0, 0x10000).Select(Classify)];

    /// <summary>
    /// The class of the character that starts at <paramref name="at"/> of valid UTF-8, and its
    /// length in bytes; End after the end of the text.
    /// </summary>
    public static CharacterClass Next(ReadOnlySpan<byte> utf8, int at, out int length)
    {
        if ((uint)at >= (uint)utf8.Length)
        {
            length = 0;
            return CharacterClass.End;
        }
        int b = utf8[at];
        switch (b)
        {
            case < 0x80:
                length = 1;
                return BasicPlane[b];
            case < 0xE0:
                length = 2;
                return BasicPlane[(b & 0x1F) << 6 | utf8[at + 1] & 0x3F];
            case < 0xF0:
                length = 3;
                return BasicPlane[(b & 0x0F) << 12 | (utf8[at + 1] & 0x3F) << 6 | utf8[at + 2] & 0x3F];
            default:
                length = 4;
                return Classify((b & 0x07) << 18 | (utf8[at + 1] & 0x3F) << 12 | (utf8[at + 2] & 0x3F) << 6 | utf8[at + 3] & 0x3F);
        }
    }

    internal static CharacterClass Classify(int codePoint)
    {
        // Unicode's White_Space property, which is what \s means to tiktoken. .NET uses the same set.
        if (codePoint < 0x10000 && char.IsWhiteSpace((char)codePoint))
            return codePoint is '\r' or '\n' ? CharacterClass.Space | CharacterClass.NewLine : CharacterClass.Space;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterClass.Letter | CharacterClass.Upper,
            UnicodeCategory.LowercaseLetter => CharacterClass.Letter | CharacterClass.Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter =>
                CharacterClass.Letter | CharacterClass.Upper | CharacterClass.Lower,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
                CharacterClass.Other | CharacterClass.Upper | CharacterClass.Lower,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        };
    }
}
