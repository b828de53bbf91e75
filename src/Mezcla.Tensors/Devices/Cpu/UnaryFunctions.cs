namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>A function of one element and its derivative, given what <see cref="UnaryKinds.SavesResult"/> says was saved.</summary>
internal interface IUnaryFunction
{
    static abstract float Value(float x, float a, float b);

    static abstract float Derivative(float saved, float a, float b);
}

/// <summary>The functions behind <see cref="UnaryKind"/>.</summary>
internal static class UnaryFunctions
{
    private const float HalfLog = 0.7978845608028654f, Cubic = 0.044715f;

    internal struct Affine : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => a * x + b;
        public static float Derivative(float x, float a, float b) => a;
    }

    internal struct Reciprocal : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => a / x;
        public static float Derivative(float x, float a, float b) => -a / (x * x);
    }

    internal struct Exp : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Exp(x);
        public static float Derivative(float y, float a, float b) => y;
    }

    internal struct Log : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Log(x);
        public static float Derivative(float x, float a, float b) => 1 / x;
    }

    internal struct Sqrt : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Sqrt(x);
        public static float Derivative(float y, float a, float b) => 0.5f / y;
    }

    internal struct Rsqrt : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => 1 / MathF.Sqrt(x);
        public static float Derivative(float y, float a, float b) => -0.5f * y * y * y;
    }

    internal struct Square : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => x * x;
        public static float Derivative(float x, float a, float b) => 2 * x;
    }

    internal struct Abs : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Abs(x);
        public static float Derivative(float x, float a, float b) => x > 0 ? 1 : x < 0 ? -1 : 0;
    }

    internal struct Pow : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Pow(x, a);
        public static float Derivative(float x, float a, float b) => a == 0 ? 0 : a * MathF.Pow(x, a - 1);
    }

    internal struct Clamp : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => x < a ? a : x > b ? b : x;
        public static float Derivative(float x, float a, float b) => x >= a && x <= b ? 1 : 0;
    }

    internal struct Tanh : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Tanh(x);
        public static float Derivative(float y, float a, float b) => 1 - y * y;
    }

    internal struct Sigmoid : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => 1 / (1 + MathF.Exp(-x));
        public static float Derivative(float y, float a, float b) => y * (1 - y);
    }

    internal struct Gelu : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => x * Phi(x);
        public static float Derivative(float x, float a, float b) => Phi(x) + x * 0.3989422804014327f * MathF.Exp(-0.5f * x * x);

        private static float Phi(float x) => (float)(0.5 * Erfc(-x * 0.7071067811865476));
    }

    internal struct GeluTanh : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => 0.5f * x * (1 + MathF.Tanh(HalfLog * (x + Cubic * x * x * x)));

        public static float Derivative(float x, float a, float b)
        {
            float t = MathF.Tanh(HalfLog * (x + Cubic * x * x * x));
            return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * HalfLog * (1 + 3 * Cubic * x * x);
        }
    }

    internal struct Silu : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => x / (1 + MathF.Exp(-x));

        public static float Derivative(float x, float a, float b)
        {
            float s = 1 / (1 + MathF.Exp(-x));
            return s * (1 + x * (1 - s));
        }
    }

    internal struct Relu : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => x <= 0 ? 0 : x;
        public static float Derivative(float y, float a, float b) => y > 0 ? 1 : 0;
    }

    internal struct Softplus : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Max(x, 0) + (float)double.LogP1(Math.Exp(-Math.Abs(x)));
        public static float Derivative(float x, float a, float b) => 1 / (1 + MathF.Exp(-x));
    }

    internal struct Sin : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Sin(x);
        public static float Derivative(float x, float a, float b) => MathF.Cos(x);
    }

    internal struct Cos : IUnaryFunction
    {
        public static float Value(float x, float a, float b) => MathF.Cos(x);
        public static float Derivative(float x, float a, float b) => -MathF.Sin(x);
    }

    /// <summary>
    /// 1 - erf x: the series Σ (-1)ⁿ x²ⁿ⁺¹/(n!(2n+1)) near 0, the continued fraction (Abramowitz and Stegun 7.1.14) further out.
    /// </summary>
    internal static double Erfc(double x)
    {
        double z = Math.Abs(x);
        if (z < 2.5)
        {
            double term = z, sum = z;
            for (int n = 1; n < 60 && Math.Abs(term) > 1e-17; n++)
            {
                term *= -z * z / n;
                sum += term / (2 * n + 1);
            }
            return 1 - Math.CopySign(2 / Math.Sqrt(Math.PI) * sum, x);
        }
        double fraction = 0;
        for (int n = 40; n > 0; n--)
            fraction = n / 2.0 / (z + fraction);
        double tail = Math.Exp(-z * z) / (Math.Sqrt(Math.PI) * (z + fraction));
        return x > 0 ? tail : 2 - tail;
    }
}
