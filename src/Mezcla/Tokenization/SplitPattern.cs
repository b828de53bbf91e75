using System.Text;

namespace Mezcla.Tokenization;

/// <summary>
/// How a text is cut into pieces before byte-pair merging; no token crosses the edge of a piece. The cuts are those of the regular
/// expressions published with tiktoken.
/// </summary>
public enum SplitPattern
{
    /// <summary>The text is one piece.</summary>
    None,

    /// <summary>
    /// GPT-2 and GPT-3: a piece is a word, a number or a run of punctuation with the space before it; <c>'s 't 're
    /// 've 'm 'll 'd</c> are pieces of their own.
    /// </summary>
    Gpt2,

    /// <summary>
    /// GPT-3.5, GPT-4 (cl100k) and Llama 3: contractions in upper or lower case, numbers in groups of up to three digits, line ends joined
    /// to the punctuation before them.
    /// </summary>
    Gpt4,

    /// <summary>GPT-4o (o200k) and gpt-oss: as GPT-4, but a word is cut where its case changes, and it keeps its contraction.</summary>
    Gpt4o,
}

/// <summary>The regular expressions of the split patterns, and the pieces they make.</summary>
public static class SplitPatterns
{
    /// <summary>
    /// The published expression, as tiktoken and Hugging Face's <c>tokenizer.json</c> write it; null for <see cref="SplitPattern.None"/>.
    /// </summary>
    /// <remarks>
    /// .NET's own Regex works on UTF-16 units: in it a letter beyond U+FFFF does not match <c>\p{L}</c>, and <c>(?i:'s)</c> misses U+017F
    /// (long s). The library therefore does not run these expressions; it has code that splits by Unicode code points.
    /// </remarks>
    public static string? Expression(this SplitPattern pattern) => pattern switch
    {
        SplitPattern.Gpt2 => @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        SplitPattern.Gpt4 =>
            @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        SplitPattern.Gpt4o =>
            @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|" +
            @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|" +
            @"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        _ => null,
    };

    /// <summary>The pieces of a text, in order. Joined, they give the text again (with lone surrogates as U+FFFD).</summary>
    public static string[] Split(this SplitPattern pattern, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var pieces = new List<string>();
        for (int start = 0, end; start < utf8.Length; start = end)
        {
            end = PieceSplitter.End(pattern, utf8, start);
            pieces.Add(Encoding.UTF8.GetString(utf8, start, end - start));
        }
        return [.. pieces];
    }
}
