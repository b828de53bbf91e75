using static Mezcla.Tokenization.CharacterClass;

namespace Mezcla.Tokenization;

/// <summary>
/// The split patterns as code: finds the end of a piece from its start, in UTF-8, in linear time and without general backtracking. The
/// comments give the alternative of <see cref="SplitPatterns.Expression"/> that each step implements; the first one that matches wins.
/// </summary>
internal static class PieceSplitter
{
    public static int End(SplitPattern pattern, ReadOnlySpan<byte> text, int start) => pattern switch
    {
        SplitPattern.Gpt2 => Gpt2(text, start),
        SplitPattern.Gpt4 => Gpt4(text, start),
        SplitPattern.Gpt4o => Gpt4o(text, start),
        _ => text.Length,
    };

    private static int Gpt2(ReadOnlySpan<byte> text, int start)
    {
        var contraction = Contraction(text, start, anyCase: false);
        if (contraction > 0)
            return start + contraction;
        var body = text[start] == ' ' ? start + 1 : start;
        // ' ?\p{L}+' or ' ?\p{N}+' or ' ?[^\s\p{L}\p{N}]+'
        var kind = CharacterClasses.Next(text, body, out _) & (Letter | Number | Other);
        return kind != 0 ? Run(text, body, kind) : WhiteSpace(text, start, stopAfterNewLine: false);
    }

    private static int Gpt4(ReadOnlySpan<byte> text, int start)
    {
        var contraction = Contraction(text, start, anyCase: true);
        if (contraction > 0)
            return start + contraction;
        var first = CharacterClasses.Next(text, start, out var length);
        // '[^\r\n\p{L}\p{N}]?\p{L}+'
        if ((first & Letter) != 0)
            return Run(text, start + length, Letter);
        if ((first & (NewLine | Number)) == 0 && (CharacterClasses.Next(text, start + length, out _) & Letter) != 0)
            return Run(text, start + length, Letter);
        return NumbersMarksAndSpace(text, start, first, slash: false);
    }

    private static int Gpt4o(ReadOnlySpan<byte> text, int start)
    {
        var first = CharacterClasses.Next(text, start, out var length);
        // '[^\r\n\p{L}\p{N}]?' is tried before no prefix at all, and the word that ends in lower case before the one in upper case.
        var prefixed = (first & (NewLine | Number | Letter)) == 0 ? start + length : -1;
        var end = prefixed >= 0 ? LowerWord(text, prefixed) : -1;
        if (end < 0)
            end = LowerWord(text, start);
        if (end < 0 && prefixed >= 0)
            end = UpperWord(text, prefixed);
        if (end < 0)
            end = UpperWord(text, start);
        return end < 0 ? NumbersMarksAndSpace(text, start, first, slash: true) : end + Contraction(text, end, anyCase: true);
    }

    // '[Upper]*[Lower]+'. Letters without case and marks are in both classes. Greedy: all Upper first; if nothing Lower follows, give
    // back as far as the last character that is also Lower, and the word ends there.
    private static int LowerWord(ReadOnlySpan<byte> text, int start)
    {
        int at = start, endOfBoth = -1;
        while (true)
        {
            var kind = CharacterClasses.Next(text, at, out var length);
            if ((kind & Upper) == 0)
                return (kind & Lower) != 0 ? Run(text, at, Lower) : endOfBoth;
            at += length;
            if ((kind & Lower) != 0)
                endOfBoth = at;
        }
    }

    // '[Upper]+[Lower]*'
    private static int UpperWord(ReadOnlySpan<byte> text, int start)
    {
        var end = Run(text, start, Upper);
        return end == start ? -1 : Run(text, end, Lower);
    }

    // '\p{N}{1,3}', then ' ?[^\s\p{L}\p{N}]+[\r\n]*' (GPT-4o: '[\r\n/]*'), then white space.
    private static int NumbersMarksAndSpace(ReadOnlySpan<byte> text, int start, CharacterClass first, bool slash)
    {
        var end = start;
        if ((first & Number) != 0)
        {
            for (var digits = 0; digits < 3 && (CharacterClasses.Next(text, end, out var length) & Number) != 0; digits++)
                end += length;
            return end;
        }
        var body = text[start] == ' ' ? start + 1 : start;
        end = Run(text, body, Other);
        if (end == body)
            return WhiteSpace(text, start, stopAfterNewLine: true);
        while (end < text.Length && (text[end] is (byte)'\r' or (byte)'\n' || slash && text[end] == '/'))
            end++;
        return end;
    }

    // '\s*[\r\n]+' (up to the last line end of the run), '\s+(?!\S)' (a run before a word leaves it the last space), '\s+'.
    private static int WhiteSpace(ReadOnlySpan<byte> text, int start, bool stopAfterNewLine)
    {
        int end = start, last = start, afterNewLine = -1;
        for (CharacterClass kind; ((kind = CharacterClasses.Next(text, end, out var length)) & Space) != 0; end += length)
        {
            last = end;
            if ((kind & NewLine) != 0)
                afterNewLine = end + length;
        }
        if (stopAfterNewLine && afterNewLine >= 0)
            return afterNewLine;
        return end == text.Length || last == start ? end : last;
    }

    private static int Run(ReadOnlySpan<byte> text, int at, CharacterClass kind)
    {
        while ((CharacterClasses.Next(text, at, out var length) & kind) != 0)
            at += length;
        return at;
    }

    // The length of "'s", "'t", "'re", "'ve", "'m", "'ll" or "'d" here, or 0.
    private static int Contraction(ReadOnlySpan<byte> text, int at, bool anyCase)
    {
        if (at + 1 >= text.Length || text[at] != '\'')
            return 0;
        int fold = anyCase ? 0x20 : 0, a = text[at + 1] | fold, b = at + 2 < text.Length ? text[at + 2] : 0;
        if (a is 's' or 't' or 'm' or 'd')
            return 2;
        // U+017F, the long s, equals s if case is ignored, but it is not ASCII.
        if (anyCase && text[at + 1] == 0xC5 && b == 0xBF)
            return 3;
        b |= fold;
        return (a, b) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
