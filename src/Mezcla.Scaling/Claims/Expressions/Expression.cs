namespace Mezcla.Scaling.Claims.Expressions;

/// <summary>An expression that cannot be read or computed: where and why.</summary>
public sealed class ExpressionException : Exception
{
    internal ExpressionException(string message, int position) : base($"column {position + 1}: {message}") => Position = position;

    /// <summary>Where in the expression, in characters from 0.</summary>
    public int Position { get; }
}

/// <summary>
/// An arithmetic expression of a claim file: numbers (1.8e12, 1.8T, 45%), names, + - * / ^, parentheses, and calls of the functions of
/// <see cref="Functions"/>. It can do nothing but compute a number.
/// </summary>
internal abstract record Expression(int Position)
{
    /// <summary>The value; names are looked up in <paramref name="variables"/>.</summary>
    public abstract double Evaluate(IReadOnlyDictionary<string, double> variables);

    /// <summary>The names in it, each once.</summary>
    public IEnumerable<string> Names => this switch
    {
        Name name => [name.Id],
        Negation negation => negation.Operand.Names,
        Binary binary => binary.Left.Names.Union(binary.Right.Names),
        Call call => call.Arguments.SelectMany(argument => argument.Names).Distinct(),
        _ => [],
    };
}

/// <summary>A number, half a unit of the last digit that was written, and whether it was written as a plain integer.</summary>
internal sealed record Number(double Value, double HalfUnit, bool IsCount, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables) => Value;
}

/// <summary>Quoted text; only a function's argument can be one.</summary>
internal sealed record Text(string Value, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables) =>
        throw new ExpressionException($"\"{Value}\" is text, and a number is needed here.", Position);
}

internal sealed record Name(string Id, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables) => variables.TryGetValue(Id, out var value)
        ? value
        : throw new ExpressionException(
            $"nothing is known by the name '{Id}'{Functions.Near(Id, variables.Keys.Concat(Functions.All.Select(f => f.Name)))}.",
            Position);
}

internal sealed record Negation(Expression Operand, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables) => -Operand.Evaluate(variables);
}

internal sealed record Binary(char Operator, Expression Left, Expression Right, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables)
    {
        double left = Left.Evaluate(variables), right = Right.Evaluate(variables);
        if (Operator == '/' && right == 0)
            throw new ExpressionException("this divides by zero.", Position);
        var value = Operator switch
        {
            '+' => left + right,
            '-' => left - right,
            '*' => left * right,
            '/' => left / right,
            _ => Math.Pow(left, right),
        };
        return double.IsFinite(value) ? value : throw new ExpressionException("the result is not a finite number.", Position);
    }
}

internal sealed record Call(Function Function, IReadOnlyList<Expression> Arguments, int Position) : Expression(Position)
{
    public override double Evaluate(IReadOnlyDictionary<string, double> variables)
    {
        var values = new object[Arguments.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var wantsText = Function.IsText(i);
            if (wantsText && Arguments[i] is Text text)
                values[i] = text.Value;
            else if (wantsText && !Function.AcceptsNumber(i))
                throw new ExpressionException($"{Function.Signature} needs a quoted name here.", Arguments[i].Position);
            else
                values[i] = Arguments[i].Evaluate(variables);
        }

        double value;
        try
        {
            value = Function.Compute(values);
        }
        catch (ArgumentException error)
        {
            // An unknown model, chip, format or law: the message says which exist.
            throw new ExpressionException(error.Message.Split(" (Parameter")[0], Position);
        }

        return double.IsFinite(value)
            ? value
            : throw new ExpressionException($"{Function.Name} has no finite value for these arguments.", Position);
    }
}
