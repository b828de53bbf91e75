using Mezcla.Scaling.Claims.Expressions;

namespace Mezcla.Scaling.Claims;

/// <summary>
/// Narrows the ranges of quantities by the relations between them until no range changes (HC4: Benhamou et al. 1999). A range that becomes
/// empty proves a contradiction. The reverse does not hold: a contradiction can stay undetected, though this is unlikely in systems as
/// simple as these.
/// </summary>
internal sealed class Propagation
{
    private const int MostRounds = 500;
    private static readonly Interval Anything = new(0, double.PositiveInfinity);
    private readonly Dictionary<string, Interval> _ranges = [];

    /// <summary>The range of each quantity about which something is known.</summary>
    public IReadOnlyDictionary<string, Interval> Ranges => _ranges;

    /// <summary>Restricts a quantity to a range; returns false if that contradicts what is known.</summary>
    public bool Restrict(string quantity, Interval range)
    {
        Interval now = _ranges.GetValueOrDefault(quantity, Anything).Intersect(range);
        _ranges[quantity] = now;
        return !now.IsEmpty;
    }

    /// <summary>Applies all relations until no range narrows by more than a millionth; returns false if a range became empty.</summary>
    public bool Run(IReadOnlyList<Comparing> relations)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var before = new Dictionary<string, Interval>(_ranges);
            foreach (Comparing relation in relations)
                if (!Apply(relation))
                    return false;
            if (before.Count == _ranges.Count && _ranges.All(range => Same(range.Value, before[range.Key])))
                return true;
        }

        return true;
    }

    private static bool Same(Interval a, Interval b) => Near(a.Low, b.Low) && Near(a.High, b.High);

    private static bool Near(double a, double b) => a == b || Math.Abs(a - b) <= 1e-6 * Math.Abs(b);

    private bool Apply(Comparing relation)
    {
        Interval left = Forward(relation.Left), right = Forward(relation.Right);
        double slack = 1e-9, absolute = 0;
        if (relation.Tolerance is Number tolerance)
        {
            if (relation.IsRelative)
                slack += tolerance.Value;
            else
                absolute = tolerance.Value;
        }

        Interval Loose(Interval range) =>
            new(range.Low - slack * Math.Abs(range.Low) - absolute, range.High + slack * Math.Abs(range.High) + absolute);
        (Interval forLeft, Interval forRight) = relation.Operator switch
        {
            Comparison.Equal => (Loose(right), Loose(left)),
            Comparison.Less or Comparison.LessOrEqual =>
                (new(double.NegativeInfinity, Loose(right).High), new(Loose(left).Low, double.PositiveInfinity)),
            _ => (new Interval(Loose(right).Low, double.PositiveInfinity), new Interval(double.NegativeInfinity, Loose(left).High)),
        };
        return Backward(relation.Left, forLeft) && Backward(relation.Right, forRight);
    }

    private Interval Forward(Expression expression) => expression switch
    {
        Number number => new(number.Value, number.Value),
        Name name => _ranges.GetValueOrDefault(name.Id, Anything),
        Negation negation => -Forward(negation.Operand),
        Binary { Operator: '+' } sum => Forward(sum.Left) + Forward(sum.Right),
        Binary { Operator: '-' } difference => Forward(difference.Left) - Forward(difference.Right),
        Binary { Operator: '*' } product => Forward(product.Left) * Forward(product.Right),
        Binary { Operator: '/' } quotient => Forward(quotient.Left) / Forward(quotient.Right),
        Binary { Right: Number exponent } power => Forward(power.Left).Power(exponent.Value),
        _ => Constant(expression),
    };

    // Anything other than arithmetic on quantities, such as a function of constants, must have a value.
    private static Interval Constant(Expression expression)
    {
        var value = expression.Evaluate(new Dictionary<string, double>());
        return new(value, value);
    }

    private bool Backward(Expression expression, Interval wanted)
    {
        wanted = Forward(expression).Widen().Intersect(wanted);
        if (wanted.IsEmpty)
            return false;
        switch (expression)
        {
            case Name name:
                return Restrict(name.Id, wanted);
            case Negation negation:
                return Backward(negation.Operand, -wanted);
            case Binary { Operator: '+' } sum:
                return Backward(sum.Left, wanted - Forward(sum.Right)) && Backward(sum.Right, wanted - Forward(sum.Left));
            case Binary { Operator: '-' } difference:
                return Backward(difference.Left, wanted + Forward(difference.Right))
                    && Backward(difference.Right, Forward(difference.Left) - wanted);
            case Binary { Operator: '*' } product:
                return Backward(product.Left, wanted / Forward(product.Right)) && Backward(product.Right, wanted / Forward(product.Left));
            case Binary { Operator: '/' } quotient:
                return Backward(quotient.Left, wanted * Forward(quotient.Right))
                    && Backward(quotient.Right, Forward(quotient.Left) / wanted);
            case Binary { Operator: '^', Right: Number { Value: not 0 } exponent } power:
                return Backward(power.Left, wanted.Power(1 / exponent.Value));
            default:
                return true;
        }
    }
}
