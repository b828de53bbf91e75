using System.Text.Json;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>A piece of a text.</summary>
/// <param name="Text">Its characters, never none.</param>
/// <param name="First">Whether it is the start of the text that is encoded, not yet cut.</param>
internal readonly record struct TextPiece(string Text, bool First);

/// <summary>The pre-tokenizers of a <c>tokenizer.json</c>: each cuts pieces of a text into smaller ones, or rewrites them.</summary>
internal static class TextCutter
{
    private delegate IEnumerable<(int Start, int End)> Behavior(List<(int Start, int End, bool IsMatch)> cuts);

    private static readonly Dictionary<string, Behavior> Behaviors = new()
    {
        ["Isolated"] = cuts => cuts.Select(c => (c.Start, c.End)),
        ["Removed"] = cuts => cuts.Where(c => !c.IsMatch).Select(c => (c.Start, c.End)),
        ["Contiguous"] = cuts => Joined(cuts, (before, now) => before == now),
        ["MergedWithPrevious"] = cuts => Joined(cuts, (before, now) => now && !before),
        ["MergedWithNext"] = cuts => Joined(cuts, (before, now) => before && !now),
    };

    /// <summary>The function that a pre-tokenizer stands for; a list of them is applied in its order.</summary>
    /// <exception cref="FormatException">It is of a kind that is not supported.</exception>
    public static Func<TextPiece, IEnumerable<TextPiece>> Read(JsonElement step)
    {
        switch (step.GetProperty("type").GetString())
        {
            case "Sequence":
                var list = step.GetProperty("pretokenizers").EnumerateArray().ToArray();
                // There a piece counts as the first if its characters come from the first one of the text, even those put before it.
                if (list.Skip(1).Any(s => s.GetRawText() is var text && text.Contains("Metaspace") && text.Contains("\"first\"")))
                    throw new FormatException("its Metaspace puts a space before a first piece after other steps: not supported");
                var steps = list.Select(Read).ToArray();
                return piece => steps.Aggregate<Func<TextPiece, IEnumerable<TextPiece>>, IEnumerable<TextPiece>>([piece],
                    (pieces, cut) => pieces.SelectMany(cut));
            case "Split":
                return Cutting(TextNormalizer.PatternOf(step).Cut, step.GetProperty("behavior").GetString()!, Flag(step, "invert"));
            case "Digits":
                return Cutting(Each(RuneSet.Numeric), Flag(step, "individual_digits") ? "Isolated" : "Contiguous");
            case "Punctuation":
                return Cutting(Each(RuneSet.Punctuation),
                    step.TryGetProperty("behavior", out var behavior) ? behavior.GetString()! : "Isolated");
            case "WhitespaceSplit":
                return Cutting(Each(RuneSet.WhiteSpace), "Removed");
            case "Whitespace":
                return Cutting(Words, "Isolated");
            case "Metaspace":
                return Metaspace(step);
            case "ByteLevel":
                return Bytes(Flag(step, "add_prefix_space", true), Flag(step, "use_regex", true));
            default:
                throw new FormatException($"its pre_tokenizer {step.GetRawText()} is not supported");
        }
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Cutting(Func<string, List<(int Start, int End, bool IsMatch)>> cut,
        string behavior, bool invert = false)
    {
        if (!Behaviors.TryGetValue(behavior, out var choose))
            throw new FormatException($"it cuts text in the manner '{behavior}', which is not one of {string.Join(", ", Behaviors.Keys)}");
        return piece =>
        {
            var cuts = cut(piece.Text);
            if (invert)
                cuts = [.. cuts.Select(c => (c.Start, c.End, !c.IsMatch))];
            return choose(cuts).Where(c => c.End > c.Start)
                .Select(c => new TextPiece(piece.Text[c.Start..c.End], First: false));
        };
    }

    // Joins neighbours where the second belongs to the first; `belongs` is told whether each of both is a match.
    private static IEnumerable<(int Start, int End)> Joined(List<(int Start, int End, bool IsMatch)> cuts, Func<bool, bool, bool> belongs)
    {
        var joined = new List<(int Start, int End)>();
        for (var i = 0; i < cuts.Count; i++)
            if (i > 0 && belongs(cuts[i - 1].IsMatch, cuts[i].IsMatch))
                joined[^1] = (joined[^1].Start, cuts[i].End);
            else
                joined.Add((cuts[i].Start, cuts[i].End));
        return joined;
    }

    private static Func<string, List<(int Start, int End, bool IsMatch)>> Each(RuneSet set) => text =>
    {
        var cuts = new List<(int Start, int End, bool IsMatch)>();
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var (match, end) = (set[rune.Value], at + rune.Utf16SequenceLength);
            if (!match && cuts is [.., (var start, _, false)])
                cuts[^1] = (start, end, false);
            else
                cuts.Add((at, end, match));
            at = end;
        }
        return cuts;
    };

    private static readonly RuneSet WordOrJoiner = RuneSet.Word.Union(RuneSet.Range(0x200C, 0x200D));

    // Runs of word characters, and runs of others that are not white space. Here, as in Rust, two invisible joiners belong to words.
    private static List<(int Start, int End, bool IsMatch)> Words(string text)
    {
        var cuts = new List<(int Start, int End, bool IsMatch)>();
        int at = 0, start = 0, kind = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var next = RuneSet.WhiteSpace[rune.Value] ? 0 : WordOrJoiner[rune.Value] ? 1 : 2;
            if (next != kind)
            {
                if (kind != 0)
                    cuts.Add((start, at, true));
                (start, kind) = (at, next);
            }
            at += rune.Utf16SequenceLength;
        }
        if (kind != 0)
            cuts.Add((start, at, true));
        return cuts;
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Metaspace(JsonElement step)
    {
        var mark = step.GetProperty("replacement").GetString()!;
        var scheme = step.TryGetProperty("prepend_scheme", out var named) ? named.GetString()
            : Flag(step, "add_prefix_space", true) ? "always" : "never";
        if (scheme is not ("always" or "first" or "never"))
            throw new FormatException($"its Metaspace puts spaces before text by the scheme '{scheme}', which is not supported");
        var split = Flag(step, "split", true);
        var cut = Cutting(RunePattern.Literal(mark).Cut, "MergedWithNext");
        return piece =>
        {
            var text = piece.Text.Replace(" ", mark, StringComparison.Ordinal);
            if (!text.StartsWith(mark, StringComparison.Ordinal) && (scheme == "always" || scheme == "first" && piece.First))
                text = mark + text;
            return split ? cut(piece with { Text = text }) : [piece with { Text = text }];
        };
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Bytes(bool prefixSpace, bool words) => piece =>
    {
        var text = prefixSpace && !piece.Text.StartsWith(' ') ? " " + piece.Text : piece.Text;
        return (words ? SplitPattern.Gpt2.Split(text) : [text])
            .Select(part => new TextPiece(ByteAlphabet.ToText(System.Text.Encoding.UTF8.GetBytes(part)), First: false));
    };

    private static bool Flag(JsonElement element, string name, bool otherwise = false) =>
        element.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? child.GetBoolean() : otherwise;
}
