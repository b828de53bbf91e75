using System.Text;
using System.Text.Json;

namespace Mezcla.Weights.Tokenizers;

/// <summary>The normalizers of a <c>tokenizer.json</c>: each makes a text into another before it is cut.</summary>
internal static class TextNormalizer
{
    /// <summary>The function that a normalizer stands for; a list of them is applied in its order.</summary>
    /// <exception cref="FormatException">It is of a kind that is not supported.</exception>
    public static Func<string, string> Read(JsonElement step)
    {
        var type = step.GetProperty("type").GetString();
        switch (type)
        {
            case "Sequence":
                var steps = step.GetProperty("normalizers").EnumerateArray().Select(Read).ToArray();
                return text => steps.Aggregate(text, (now, next) => next(now));
            case "NFC" or "NFD" or "NFKC" or "NFKD":
                return text => UnicodeForms.Normalize(text, compatible: type.Contains('K'), compose: type.EndsWith('C'));
            case "Lowercase":
                return Lowercase;
            case "Prepend":
                var prefix = step.GetProperty("prepend").GetString()!;
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                var (pattern, content) = (PatternOf(step), step.GetProperty("content").GetString()!);
                return text => pattern.Replace(text, content);
            case "Strip":
                var (left, right) = (step.GetProperty("strip_left").GetBoolean(), step.GetProperty("strip_right").GetBoolean());
                return text => right ? (left ? text.Trim() : text.TrimEnd()) : left ? text.TrimStart() : text;
            default:
                throw new FormatException($"its normalizer {step.GetRawText()} is not supported");
        }
    }

    /// <summary>The pattern of a step: an expression, or a text to be found as it is.</summary>
    /// <exception cref="FormatException">The expression has something that is not supported.</exception>
    public static RunePattern PatternOf(JsonElement step)
    {
        var pattern = step.GetProperty("pattern");
        return pattern.TryGetProperty("Regex", out var expression)
            ? new RunePattern(expression.GetString()!)
            : RunePattern.Literal(pattern.GetProperty("String").GetString()!);
    }

    // Unicode's full mapping: one capital, I with a dot, becomes two characters.
    private static string Lowercase(string text)
    {
        var lower = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            lower.Append(rune.Value == 0x130 ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString());
        return lower.ToString();
    }
}
