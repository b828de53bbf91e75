namespace Mezcla.Scaling.Claims;

/// <summary>All numbers from <see cref="Low"/> to <see cref="High"/>; empty where Low is above High.</summary>
internal readonly record struct Interval(double Low, double High)
{
    public static readonly Interval All = new(double.NegativeInfinity, double.PositiveInfinity);

    public bool IsEmpty => !(Low <= High);

    public Interval Intersect(Interval other) => new(Math.Max(Low, other.Low), Math.Min(High, other.High));

    /// <summary>This interval made slightly wider, so that rounding never causes a contradiction.</summary>
    public Interval Widen(double share = 1e-9) => new(Low - share * Math.Abs(Low), High + share * Math.Abs(High));

    public static Interval operator +(Interval a, Interval b) =>
        new(Sum(a.Low, b.Low, double.NegativeInfinity), Sum(a.High, b.High, double.PositiveInfinity));

    public static Interval operator -(Interval a) => new(-a.High, -a.Low);

    public static Interval operator -(Interval a, Interval b) => a + -b;

    public static Interval operator *(Interval a, Interval b) =>
        Hull(Times(a.Low, b.Low), Times(a.Low, b.High), Times(a.High, b.Low), Times(a.High, b.High));

    /// <summary>All x for which x·b can equal a. If both a and b can be zero, that is every number.</summary>
    public static Interval operator /(Interval a, Interval b)
    {
        bool zeroDivisor = b is { Low: <= 0, High: >= 0 }, zeroDividend = a is { Low: <= 0, High: >= 0 };
        if (zeroDivisor && (zeroDividend || b.Low < 0 && b.High > 0 || b.High == b.Low))
            return All;
        double low = b.Low == 0 ? double.PositiveInfinity : 1 / b.Low, high = b.High == 0 ? double.NegativeInfinity : 1 / b.High;
        return a * new Interval(high, low);
    }

    /// <summary>The power of an interval of non-negative numbers, with a constant exponent.</summary>
    public Interval Power(double exponent)
    {
        Interval positive = Intersect(new(0, double.PositiveInfinity));
        if (positive.IsEmpty)
            return All;
        double a = Math.Pow(positive.Low, exponent), b = Math.Pow(positive.High, exponent);
        return new(Math.Min(a, b), Math.Max(a, b));
    }

    public override string ToString() => Low == High || High - Low < 1e-6 * Math.Abs(High)
        ? Numbers.Format(High)
        : double.IsPositiveInfinity(High) ? $"at least {Numbers.Format(Low)}" : $"{Numbers.Format(Low)} to {Numbers.Format(High)}";

    // 0·∞ is 0 here: a product with zero is zero, however large the other factor may be.
    private static double Times(double a, double b) => a == 0 || b == 0 ? 0 : a * b;

    private static double Sum(double a, double b, double doubt) => double.IsNaN(a + b) ? doubt : a + b;

    private static Interval Hull(double a, double b, double c, double d) =>
        new(Math.Min(Math.Min(a, b), Math.Min(c, d)), Math.Max(Math.Max(a, b), Math.Max(c, d)));
}
