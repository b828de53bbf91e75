using System.Globalization;
using System.Text;

namespace Mezcla.Weights.Tokenizers;

/// <summary>Makes the program of a <see cref="RunePattern"/> from an expression in Oniguruma's syntax (its Ruby flavour).</summary>
internal sealed class RunePatternParser
{
    private const int LongestProgram = 100_000, Unbounded = int.MaxValue;

    // Steps whose jumps are relative, so that they can be joined and repeated; and how many characters they read.
    private sealed record Part(PatternStep[] Steps, int Shortest, int Longest)
    {
        public static Part Empty { get; } = new([], 0, 0);

        public static Part Of(RuneSet set) => new([new(PatternOperation.Set, Set: set)], 1, 1);

        public Part Then(Part next) => Steps.Length + next.Steps.Length <= LongestProgram
            ? new([.. Steps, .. next.Steps], Shortest + next.Shortest,
                Longest == Unbounded || next.Longest == Unbounded ? Unbounded : Longest + next.Longest)
            : throw new FormatException("the expression is too long");

        // The part behind a step that gives its length, and a Match behind the part.
        public PatternStep[] Inside(PatternOperation operation, int length = 0, bool negative = false) =>
            [new(operation, Steps.Length + 2, length, negative), .. Steps, new(PatternOperation.Match)];
    }

    private readonly string _expression;
    private readonly Rune[] _runes;
    private int _at;
    private bool _anyCase, _dotReadsLineEnds;

    private RunePatternParser(string expression) => (_expression, _runes) = (expression, [.. expression.EnumerateRunes()]);

    /// <exception cref="FormatException">The expression is malformed, or has something that is not supported.</exception>
    public static PatternStep[] Parse(string expression)
    {
        var parser = new RunePatternParser(expression);
        var whole = parser.Alternatives();
        return parser._at == parser._runes.Length
            ? [.. whole.Steps, new(PatternOperation.Match)]
            : throw parser.Unknown("a ')' that nothing opens");
    }

    private int Here => _at < _runes.Length ? _runes[_at].Value : -1;

    private FormatException Unknown(string what) =>
        new($"the expression {_expression} has {what} at character {_at}, which is not supported");

    private bool Take(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (_at + i >= _runes.Length || _runes[_at + i].Value != text[i])
                return false;
        _at += text.Length;
        return true;
    }

    private Part Alternatives()
    {
        var first = Sequence();
        if (!Take("|"))
            return first;
        var rest = Alternatives();
        return new(
            [new(PatternOperation.Split, 1, first.Steps.Length + 2), .. first.Steps,
                new(PatternOperation.Jump, rest.Steps.Length + 1), .. rest.Steps],
            Math.Min(first.Shortest, rest.Shortest), Math.Max(first.Longest, rest.Longest));
    }

    private Part Sequence()
    {
        var whole = Part.Empty;
        while (Here is not (-1 or '|' or ')'))
            whole = whole.Then(Quantified());
        return whole;
    }

    private Part Quantified()
    {
        var atom = Atom();
        while (true)
        {
            int least, most;
            var counted = false;
            if (Take("*"))
                (least, most) = (0, Unbounded);
            else if (Take("+"))
                (least, most) = (1, Unbounded);
            else if (Take("?"))
                (least, most) = (0, 1);
            else if (Counts() is { } counts)
                (least, most, counted) = (counts.Least, counts.Most, true);
            else
                return atom;
            // What follows counts in braces repeats once more, except '?'.
            if (Take("?"))
                atom = counted && least == most ? throw Unknown("'}?' after one number") : Repeat(atom, least, most, lazy: true);
            else if (!counted && Take("+"))
                atom = Repeat(atom, least, most, lazy: false) is var part
                    ? part with { Steps = part.Inside(PatternOperation.Atomic) } : atom;
            else
                atom = Repeat(atom, least, most, lazy: false);
        }
    }

    private (int Least, int Most)? Counts()
    {
        var start = _at;
        if (Take("{"))
        {
            var least = Number();
            var comma = Take(",");
            var most = comma ? Number() : least;
            if (Take("}") && (least ?? most) is not null)
                return (least ?? 0) <= (most ?? Unbounded) ? (least ?? 0, most ?? Unbounded) : throw Unknown("counts in falling order");
        }
        _at = start;
        return null;
    }

    private int? Number()
    {
        int? value = null;
        for (; Here is >= '0' and <= '9'; _at++)
            value = (value ?? 0) < LongestProgram ? (value ?? 0) * 10 + Here - '0' : throw Unknown("a count as large as this");
        return value;
    }

    private Part Repeat(Part part, int least, int most, bool lazy)
    {
        PatternStep Either(int one, int other) => lazy ? new(PatternOperation.Split, other, one) : new(PatternOperation.Split, one, other);
        if (part.Shortest == 0 && most > 1)
            throw Unknown("a repetition of what may be empty");
        var whole = Part.Empty;
        for (var i = 0; i < least; i++)
            whole = whole.Then(part);
        var length = part.Steps.Length;
        if (most == Unbounded)
            return whole.Then(new([Either(1, length + 2), .. part.Steps, new(PatternOperation.Jump, -length - 1)], 0, Unbounded));
        for (var left = most - least; left > 0; left--)
            whole = whole.Then(new([Either(1, left * (length + 1)), .. part.Steps], 0, part.Longest));
        return whole;
    }

    private Part Atom()
    {
        switch (Here)
        {
            case '(':
                return Group();
            case '[':
                return Part.Of(Class());
            case '.':
                _at++;
                return Part.Of(_dotReadsLineEnds ? RuneSet.Of(_ => true) : RuneSet.Range('\n', '\n').Complement());
            case '^':
                return Place(PatternOperation.LineStart);
            case '$':
                return Place(PatternOperation.LineEnd);
            case '*' or '+' or '?':
                throw Unknown("a quantifier after nothing");
            case '\\' when _at + 1 < _runes.Length:
                switch (_runes[_at + 1].Value)
                {
                    case 'A':
                        return Place(PatternOperation.TextStart, 2);
                    case 'z':
                        return Place(PatternOperation.TextEnd, 2);
                    case 'Z':
                        return Place(PatternOperation.LastLineEnd, 2);
                    case 'b':
                        return Place(PatternOperation.WordEdge, 2);
                    case 'B':
                        return Place(PatternOperation.WordEdge, 2, negative: true);
                }
                break;
        }
        return Part.Of(Cased(Character(out _)));
    }

    private Part Place(PatternOperation operation, int length = 1, bool negative = false)
    {
        _at += length;
        return new([new(operation, Negative: negative)], 0, 0);
    }

    private Part Group()
    {
        _at++;
        if (Take("?=") || Take("?!"))
            return new(Inner(out var negative).Inside(PatternOperation.Ahead, negative: negative == '!'), 0, 0);
        if (Take("?<=") || Take("?<!"))
        {
            var part = Inner(out var sign);
            return part.Shortest == part.Longest ? new(part.Inside(PatternOperation.Behind, part.Longest, sign == '!'), 0, 0)
                : throw Unknown("a look behind at parts of several lengths");
        }
        if (Take("?>"))
            return Inner(out _) is var atomic ? atomic with { Steps = atomic.Inside(PatternOperation.Atomic) } : atomic;
        if (!Take("?") || Take(":"))
            return Inner(out _);
        var (anyCase, dot) = (_anyCase, _dotReadsLineEnds);
        for (var on = true; Here is not (':' or ')'); _at++)
        {
            if (Here == '-')
                on = false;
            else if (Here == 'i')
                _anyCase = on;
            else if (Here == 'm')
                _dotReadsLineEnds = on;
            else
                throw Unknown("a group of this kind");
        }
        // Without a colon the options hold up to the end of the group around them.
        if (Take(")"))
            return Part.Empty;
        _at++;
        var inner = Inner(out _);
        (_anyCase, _dotReadsLineEnds) = (anyCase, dot);
        return inner;
    }

    // What a group holds, up to and with its ')'; and the character before it.
    private Part Inner(out int before)
    {
        before = _runes[_at - 1].Value;
        var (anyCase, dot) = (_anyCase, _dotReadsLineEnds);
        var inner = Alternatives();
        (_anyCase, _dotReadsLineEnds) = (anyCase, dot);
        return Take(")") ? inner : throw Unknown("a group that does not end");
    }

    private RuneSet Class()
    {
        _at++;
        var negative = Take("^");
        var set = RuneSet.Empty;
        RuneSet? others = null;
        for (var first = true; first || Here != ']'; first = false)
        {
            if (Here == -1)
                throw Unknown("a '[' that does not end");
            if (Take("&&"))
            {
                (others, set) = (others?.Intersect(set) ?? set, RuneSet.Empty);
                continue;
            }
            if (Here == '[')
            {
                set = set.Union(Take("[:") ? throw Unknown("a bracket like [:alpha:]") : Class());
                continue;
            }
            var item = Character(out var code, inClass: true);
            if (code is { } low && Here == '-' && _at + 1 < _runes.Length && _runes[_at + 1].Value != ']')
            {
                _at++;
                Character(out var high, inClass: true);
                item = high >= low ? RuneSet.Range(low, high.Value) : throw Unknown("a range that does not rise");
            }
            set = set.Union(item);
        }
        _at++;
        set = Cased(others?.Intersect(set) ?? set);
        return negative ? set.Complement() : set;
    }

    private RuneSet Cased(RuneSet set) => _anyCase ? set.AnyCase() : set;

    // A character or an escape for characters; its code if it is only one. Oniguruma's \w has six characters more outside of brackets.
    private RuneSet Character(out int? code, bool inClass = false)
    {
        code = null;
        if (Here == -1)
            throw Unknown("an end");
        if (!Take("\\"))
        {
            code = _runes[_at++].Value;
            return RuneSet.Range(code.Value, code.Value);
        }
        var letter = Here == -1 ? throw Unknown("a '\\' at its end") : _runes[_at++].Value;
        switch (letter)
        {
            case 's' or 'S':
                return letter == 's' ? RuneSet.WhiteSpace : RuneSet.WhiteSpace.Complement();
            case 'd' or 'D':
                return letter == 'd' ? RuneSet.Category("Nd")! : RuneSet.Category("Nd")!.Complement();
            case 'w' or 'W':
                var word = inClass ? RuneSet.Word : RuneSet.WordOrLatinNumber;
                return letter == 'w' ? word : word.Complement();
            case 'p' or 'P':
                return Property(letter == 'P');
        }
        code = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => 7,
            'e' => 27,
            'x' when Take("{") => Hexadecimal(Up('}')),
            'x' => Hexadecimal(Next(2)),
            'u' => Hexadecimal(Next(4)),
            >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' => throw Unknown($"the escape \\{(char)letter}"),
            _ => letter,
        };
        return RuneSet.Range(code.Value, code.Value);
    }

    private RuneSet Property(bool negative)
    {
        if (!Take("{"))
            throw Unknown("a property without braces");
        if (Take("^"))
            negative = !negative;
        var name = Up('}');
        var set = RuneSet.Category(name) ?? throw Unknown($"the property {name}");
        return negative ? set.Complement() : set;
    }

    private string Next(int count)
    {
        var text = string.Concat(_runes.Skip(_at).Take(count));
        _at = Math.Min(_at + count, _runes.Length);
        return text;
    }

    private string Up(char end)
    {
        var length = Array.IndexOf(_runes, new Rune(end), _at) - _at;
        var text = length < 0 ? throw Unknown($"no '{end}'") : Next(length);
        _at++;
        return text;
    }

    private int Hexadecimal(string digits) =>
        int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code) ? code
            : throw Unknown($"the code '{digits}'");
}
