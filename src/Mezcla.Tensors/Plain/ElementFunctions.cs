namespace Mezcla.Tensors.Plain;

/// <summary>The functions of one element and their derivatives, in double.</summary>
internal static class ElementFunctions
{
    /// <summary>f(x), with the parameters a and b.</summary>
    internal static double Value(UnaryKind kind, double x, float a, float b) => kind switch
    {
        UnaryKind.Affine => a * x + b,
        UnaryKind.Reciprocal => a / x,
        UnaryKind.Exp => Math.Exp(x),
        UnaryKind.Log => Math.Log(x),
        UnaryKind.Sqrt => Math.Sqrt(x),
        UnaryKind.Square => x * x,
        UnaryKind.Pow => Math.Pow(x, a),
        UnaryKind.Tanh => Math.Tanh(x),
        UnaryKind.Sigmoid => Sigmoid(x),
        UnaryKind.Gelu => x * NormalCdf(x),
        UnaryKind.GeluTanh => x * Sigmoid(GeluExponent(x)),
        UnaryKind.Silu => x * Sigmoid(x),
        UnaryKind.Relu => x < 0 ? 0 : x,
        UnaryKind.Softplus => Softplus(x),
        UnaryKind.NormalCdf => NormalCdf(x),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>f′(x), given x, or y = f(x) where <see cref="UnaryKinds.SavesResult"/> says so.</summary>
    internal static double Derivative(UnaryKind kind, double saved, float a, float b)
    {
        double x = saved, y = saved;
        return kind switch
        {
            UnaryKind.Affine => a,
            UnaryKind.Reciprocal => -a / (x * x),
            UnaryKind.Exp => y,
            UnaryKind.Log => 1 / x,
            UnaryKind.Sqrt => 0.5 / y,
            UnaryKind.Square => 2 * x,
            UnaryKind.Pow => a * Math.Pow(x, a - 1),
            UnaryKind.Tanh => 1 - y * y,
            UnaryKind.Sigmoid => y * (1 - y),
            UnaryKind.Gelu => NormalCdf(x) + x * NormalDensity(x),
            UnaryKind.GeluTanh => GatedDerivative(x, Sigmoid(GeluExponent(x)), GeluExponentDerivative(x)),
            UnaryKind.Silu => GatedDerivative(x, Sigmoid(x), 1),
            UnaryKind.Relu => y > 0 ? 1 : 0,
            UnaryKind.Softplus => Sigmoid(x),
            UnaryKind.NormalCdf => NormalDensity(x),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <summary>σ(x) = 1/(1 + e⁻ˣ).</summary>
    internal static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The derivative of x·σ(u): σ + x·σ·(1 - σ)·u′, given σ and u′.</summary>
    internal static double GatedDerivative(double x, double sigmoid, double slope) => sigmoid + x * sigmoid * (1 - sigmoid) * slope;

    /// <summary>φ(x) = e^(-x²/2)/√(2π).</summary>
    private static double NormalDensity(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>
    /// Φ(x), the integral of φ up to x: ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + ...) near 0. Far below 0, where that sum would suffer from
    /// cancellation, φ(x)/(|x| + 1/(|x| + 2/(|x| + 3/...))) (Abramowitz and Stegun 26.2.11 and 26.2.14).
    /// </summary>
    private static double NormalCdf(double x)
    {
        if (Math.Abs(x) > 3)
        {
            var fraction = Math.Abs(x);
            for (var n = 100; n > 0; n--)
                fraction = Math.Abs(x) + n / fraction;
            var tail = NormalDensity(x) / fraction;
            return x < 0 ? tail : 1 - tail;
        }
        double term = x, sum = 0;
        for (var n = 3; n < 103; n += 2)
        {
            sum += term;
            term *= x * x / n;
        }
        return 0.5 + NormalDensity(x) * sum;
    }

    /// <summary>u with σ(u) = (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, the form of GELU that GPT-2 uses.</summary>
    private static double GeluExponent(double x) => 2 * Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);

    private static double GeluExponentDerivative(double x) => 2 * Math.Sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

    /// <summary>
    /// ln(1 + eˣ) = max(x, 0) + ln(1 + e) with e = e^-|x|. For small e, the sum 1 + e would lose digits of e, so ln(1 + e) ≈ e is used.
    /// </summary>
    private static double Softplus(double x)
    {
        var e = Math.Exp(-Math.Abs(x));
        return Math.Max(x, 0) + (e < 1e-8 ? e : Math.Log(1 + e));
    }
}
