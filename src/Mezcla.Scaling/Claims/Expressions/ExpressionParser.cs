using System.Globalization;

namespace Mezcla.Scaling.Claims.Expressions;

/// <summary>How two sides are compared.</summary>
internal enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>A comparison of two expressions: an equality or inequality, with an optional tolerance after "within".</summary>
internal sealed record Comparing(Expression Left, Comparison Operator, Expression Right, Expression? Tolerance, bool IsRelative);

/// <summary>A recursive-descent parser. It limits length and depth because claim files can come from anyone.</summary>
internal sealed class ExpressionParser
{
    private const int LongestText = 4000;
    private const int DeepestNesting = 100;
    private readonly string _text;
    private int _at;
    private int _depth;

    private ExpressionParser(string text)
    {
        if (text.Length > LongestText)
            throw new ExpressionException($"an expression may be {LongestText} characters long; this one has {text.Length}.", LongestText);
        _text = text;
    }

    /// <summary>Reads one expression, and nothing after it.</summary>
    public static Expression Parse(string text)
    {
        var parser = new ExpressionParser(text);
        Expression expression = parser.Sum();
        parser.End();
        return expression;
    }

    /// <summary>Reads "left = right" with an optional "within tolerance".</summary>
    public static Comparing ParseComparison(string text)
    {
        var parser = new ExpressionParser(text);
        Expression left = parser.Sum();
        parser.Skip();
        var at = parser._at;
        Comparison comparison = parser.Take("<=") ? Comparison.LessOrEqual
            : parser.Take(">=") ? Comparison.GreaterOrEqual
            : parser.Take("<") ? Comparison.Less
            : parser.Take(">") ? Comparison.Greater
            : parser.Take("==") || parser.Take("=") ? Comparison.Equal
            : throw new ExpressionException("a comparison (=, <, <=, > or >=) is expected here.", at);
        Expression right = parser.Sum();
        var (tolerance, relative) = parser.Word("within") ? parser.Tolerance() : (null, false);
        parser.End();
        return new(left, comparison, right, tolerance, relative);
    }

    /// <summary>Reads a tolerance: "2%" is a share of the expected value, anything else is absolute.</summary>
    public static (Expression Value, bool IsRelative) ParseTolerance(string text)
    {
        var parser = new ExpressionParser(text.TrimStart('±', ' '));
        (Expression Value, bool) tolerance = parser.Tolerance();
        parser.End();
        return tolerance;
    }

    private (Expression Value, bool IsRelative) Tolerance()
    {
        Expression value = Sum();
        return (value, value is Number && _at > 0 && _text[_at - 1] == '%');
    }

    private Expression Sum()
    {
        if (++_depth > DeepestNesting)
            throw new ExpressionException("this is nested too deeply.", _at);
        Expression left = Product();
        while (true)
        {
            Skip();
            var at = _at;
            var op = Take("+") ? '+' : Take("-") || Take("−") ? '-' : '\0';
            if (op == '\0')
                break;
            left = new Binary(op, left, Product(), at);
        }

        _depth--;
        return left;
    }

    private Expression Product()
    {
        Expression left = Unary();
        while (true)
        {
            Skip();
            var at = _at;
            var op = Take("*") || Take("·") || Take("×") ? '*' : Take("/") || Take("÷") ? '/' : '\0';
            if (op == '\0')
                return left;
            left = new Binary(op, left, Unary(), at);
        }
    }

    private Expression Unary()
    {
        Skip();
        var at = _at;
        if (!Take("-") && !Take("−"))
            return Power();
        if (++_depth > DeepestNesting)
            throw new ExpressionException("this is nested too deeply.", _at);
        Expression operand = Unary();
        _depth--;
        return new Negation(operand, at);
    }

    private Expression Power()
    {
        Expression basis = Atom();
        Skip();
        var at = _at;
        if (!Take("^"))
            return basis;
        if (++_depth > DeepestNesting)
            throw new ExpressionException("this is nested too deeply.", _at);
        Expression exponent = Unary();
        _depth--;
        return new Binary('^', basis, exponent, at);
    }

    private Expression Atom()
    {
        Skip();
        var at = _at;
        if (_at == _text.Length)
            throw new ExpressionException("the expression ends where a number, a name or '(' is expected.", at);
        var c = _text[_at];
        if (char.IsAsciiDigit(c) || c == '.')
            return ReadNumber();
        if (c == '"' || c == '\'')
            return ReadText(c);
        if (char.IsLetter(c) || c == '_')
            return ReadName();
        if (!Take("("))
            throw new ExpressionException($"'{c}' makes no sense here; a number, a name or '(' is expected.", at);
        Expression inner = Sum();
        Skip();
        return Take(")") ? inner : throw new ExpressionException("the '(' is not closed.", at);
    }

    private Number ReadNumber()
    {
        int at = _at, decimals = 0, exponent = 0;
        bool point = false, plain = true;
        var digits = new System.Text.StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (char.IsAsciiDigit(c))
            {
                digits.Append(c);
                if (point)
                    decimals++;
            }
            else if (c == '.' && !point)
            {
                (point, plain) = (true, false);
                digits.Append(c);
            }
            else if (c != '_')
            {
                break;
            }
        }

        if (_at + 1 < _text.Length && _text[_at] is 'e' or 'E' && _text[_at + 1] is '+' or '-' or (>= '0' and <= '9'))
        {
            var start = ++_at;
            if (_text[_at] is '+' or '-')
                _at++;
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
                _at++;
            if (!int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
                throw new ExpressionException("this exponent cannot be read.", at);
            plain = false;
        }

        var (scale, suffixed) = Suffix(at);
        if (!double.TryParse($"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}", NumberStyles.Float,
            CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value * scale))
            throw new ExpressionException("this number cannot be read.", at);
        return new(value * scale, 0.5 * Math.Pow(10, exponent - decimals) * scale, plain && !suffixed, at);
    }

    private (double Scale, bool Suffixed) Suffix(int start)
    {
        double scale = 1;
        var suffixed = false;
        if (_at < _text.Length && char.IsLetter(_text[_at]))
        {
            scale = _text[_at] switch
            {
                'k' or 'K' => 1e3,
                'M' => 1e6,
                'B' or 'G' => 1e9,
                'T' => 1e12,
                _ => throw new ExpressionException($"a number may end in k, M, B, G or T, not in '{_text[_at]}'; write * before a name.",
                    _at),
            };
            _at++;
            suffixed = true;
            if (_at < _text.Length && char.IsLetterOrDigit(_text[_at]))
                throw new ExpressionException("this number ends in more than one letter.", start);
        }

        if (_at < _text.Length && _text[_at] == '%')
        {
            _at++;
            return (scale / 100, true);
        }

        return (scale, suffixed);
    }

    private Text ReadText(char quote)
    {
        int start = _at++, end = _text.IndexOf(quote, _at);
        if (end < 0)
            throw new ExpressionException("the quotation is not closed.", start);
        var value = _text[_at..end];
        _at = end + 1;
        return new(value, start);
    }

    private Expression ReadName()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
        var name = _text[start.._at];
        Skip();
        if (!Take("("))
            return new Name(name, start);
        Function function = Functions.Find(name)
            ?? throw new ExpressionException($"there is no function '{name}'{Functions.Near(name, Functions.All.Select(f => f.Name))}.",
                start);
        var arguments = new List<Expression>();
        Skip();
        if (!Take(")"))
        {
            do
            {
                arguments.Add(Sum());
                Skip();
            }
            while (Take(","));
            if (!Take(")"))
                throw new ExpressionException($"a ',' or the ')' of {name}( is expected.", _at);
        }

        return arguments.Count >= function.Fewest && arguments.Count <= function.Most
            ? new Call(function, arguments, start)
            : throw new ExpressionException($"{function.Signature} does not take {arguments.Count} arguments.", start);
    }

    private void End()
    {
        Skip();
        if (_at < _text.Length)
            throw new ExpressionException($"'{_text[_at]}' makes no sense here; the expression was complete.", _at);
    }

    private void Skip()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    private bool Take(string symbol)
    {
        if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) != 0)
            return false;
        _at += symbol.Length;
        return true;
    }

    private bool Word(string word)
    {
        Skip();
        var after = _at + word.Length;
        return (after >= _text.Length || !char.IsLetterOrDigit(_text[after])) && Take(word);
    }
}
