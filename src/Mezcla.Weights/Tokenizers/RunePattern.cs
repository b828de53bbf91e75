using System.Text;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// A regular expression in Oniguruma's syntax, which <c>tokenizer.json</c> uses, matched on code points. .NET's own Regex works on UTF-16
/// units and spells several things differently. The expression becomes a small program that a backtracking machine runs; alternatives are
/// tried in order, as in Oniguruma.
/// </summary>
internal sealed class RunePattern
{
    // More steps than any reasonable expression needs at one place of a text.
    private const int MostSteps = 100_000_000;

    private readonly PatternStep[] _program;

    /// <exception cref="FormatException">The expression is malformed, or has something that is not supported.</exception>
    public RunePattern(string expression) => _program = RunePatternParser.Parse(expression);

    /// <summary>A pattern that matches exactly this text.</summary>
    /// <exception cref="FormatException">The text is empty.</exception>
    public static RunePattern Literal(string text) => text.Length == 0
        ? throw new FormatException("it looks for an empty text, which is not supported")
        : new([.. text.EnumerateRunes().Select(r => new PatternStep(PatternOperation.Set, Set: RuneSet.Range(r.Value, r.Value))),
            new PatternStep(PatternOperation.Match)]);

    private RunePattern(PatternStep[] program) => _program = program;

    /// <summary>The matches in a text and what lies between them, in order; together they cover the text.</summary>
    public List<(int Start, int End, bool IsMatch)> Cut(string text)
    {
        if (text.Length == 0)
            return [(0, 0, false)];
        var (codes, offsets) = (new int[text.Length], new int[text.Length + 1]);
        var count = 0;
        var offset = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            (codes[count], offsets[count++]) = (rune.Value, offset);
            offset += rune.Utf16SequenceLength;
        }
        offsets[count] = offset;
        var machine = new Machine(_program, codes.AsMemory(0, count));
        var cuts = new List<(int, int, bool)>();
        int done = 0, last = -1;
        for (var start = 0; start <= count;)
        {
            var end = machine.Match(start);
            // An empty match directly after another match is none.
            if (end < 0 || end == start && start == last)
            {
                start++;
                continue;
            }
            if (done != start)
                cuts.Add((offsets[done], offsets[start], false));
            cuts.Add((offsets[start], offsets[end], true));
            done = last = end;
            start = end == start ? end + 1 : end;
        }
        if (done != count)
            cuts.Add((offsets[done], offsets[count], false));
        return cuts;
    }

    /// <summary>The text with this in place of every match.</summary>
    public string Replace(string text, string content)
    {
        var replaced = new StringBuilder();
        foreach (var (start, end, match) in Cut(text))
            replaced.Append(match ? content : text.AsSpan(start, end - start));
        return replaced.ToString();
    }

    private sealed class Machine(PatternStep[] program, ReadOnlyMemory<int> text)
    {
        private readonly List<(int Step, int At)> _open = [];
        private int _steps;

        public int Match(int start)
        {
            _steps = 0;
            return Run(0, start);
        }

        // Where the match that starts at a step and a place ends; -1 for none.
        private int Run(int step, int at)
        {
            var codes = text.Span;
            var bottom = _open.Count;
            while (true)
            {
                if (++_steps > MostSteps)
                    throw new FormatException("The expression that cuts text takes too many steps on this text.");
                ref readonly var now = ref program[step];
                bool holds;
                switch (now.Operation)
                {
                    case PatternOperation.Match:
                        _open.RemoveRange(bottom, _open.Count - bottom);
                        return at;
                    case PatternOperation.Set:
                        holds = at < codes.Length && now.Set![codes[at]];
                        (step, at) = (step + 1, at + 1);
                        break;
                    case PatternOperation.Jump:
                        (step, holds) = (step + now.First, true);
                        break;
                    case PatternOperation.Split:
                        _open.Add((step + now.Second, at));
                        (step, holds) = (step + now.First, true);
                        break;
                    case PatternOperation.Atomic:
                        at = Run(step + 1, at);
                        (step, holds) = (step + now.First, at >= 0);
                        break;
                    case PatternOperation.Ahead:
                        holds = Run(step + 1, at) >= 0 != now.Negative;
                        step += now.First;
                        break;
                    case PatternOperation.Behind:
                        holds = at >= now.Second && Run(step + 1, at - now.Second) >= 0 != now.Negative || at < now.Second && now.Negative;
                        step += now.First;
                        break;
                    default:
                        holds = At(now.Operation, codes, at) != now.Negative;
                        step++;
                        break;
                }
                if (holds)
                    continue;
                if (_open.Count == bottom)
                    return -1;
                (step, at) = _open[^1];
                _open.RemoveAt(_open.Count - 1);
            }
        }

        private static bool At(PatternOperation place, ReadOnlySpan<int> codes, int at)
        {
            bool first = at == 0, last = at == codes.Length;
            return place switch
            {
                PatternOperation.TextStart => first,
                PatternOperation.TextEnd => last,
                PatternOperation.LastLineEnd => last || at == codes.Length - 1 && codes[at] == '\n',
                PatternOperation.LineStart => first || codes[at - 1] == '\n' && !last,
                PatternOperation.LineEnd => last || codes[at] == '\n',
                _ => (!first && RuneSet.WordOrLatinNumber[codes[at - 1]]) != (!last && RuneSet.WordOrLatinNumber[codes[at]]),
            };
        }
    }
}
