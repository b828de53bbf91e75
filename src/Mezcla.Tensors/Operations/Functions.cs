using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

// Functions of one element: any shape to the same shape.
public static partial class TensorOperations
{
    /// <summary>eˣ; derivative y.</summary>
    public static Tensor Exp(this Tensor x) => Unary("Exp", UnaryKind.Exp, x);

    /// <summary>ln x; derivative 1/x. NaN for negative numbers, -∞ for 0.</summary>
    public static Tensor Log(this Tensor x) => Unary("Log", UnaryKind.Log, x);

    /// <summary>√x; derivative 1/(2y), infinite at 0.</summary>
    public static Tensor Sqrt(this Tensor x) => Unary("Sqrt", UnaryKind.Sqrt, x);

    /// <summary>x²; derivative 2x.</summary>
    public static Tensor Square(this Tensor x) => Unary("Square", UnaryKind.Square, x);

    /// <summary>|x|; derivative sign x, 0 at 0.</summary>
    public static Tensor Abs(this Tensor x) => Unary("Abs", UnaryKind.Abs, x);

    /// <summary>xᵖ; derivative p·xᵖ⁻¹, and 0 where p is 0.</summary>
    public static Tensor Pow(this Tensor x, float exponent) => Unary("Pow", UnaryKind.Pow, x, exponent);

    /// <summary>x held between two bounds; derivative 1 from bound to bound, 0 outside. NaN stays.</summary>
    /// <exception cref="ArgumentException">The bounds are the wrong way round.</exception>
    public static Tensor Clamp(this Tensor x, float minimum = float.NegativeInfinity, float maximum = float.PositiveInfinity)
        => minimum <= maximum ? Unary("Clamp", UnaryKind.Clamp, x, minimum, maximum)
            : throw new ArgumentException($"Clamp: the minimum {minimum} is not below the maximum {maximum}.");

    /// <summary>sin x; derivative cos x.</summary>
    public static Tensor Sin(this Tensor x) => Unary("Sin", UnaryKind.Sin, x);

    /// <summary>cos x; derivative -sin x.</summary>
    public static Tensor Cos(this Tensor x) => Unary("Cos", UnaryKind.Cos, x);

    /// <summary>y = Φ(x), the chance that a standard normal number is at most x. dx = dy·exp(-x²/2)/√(2π).</summary>
    public static Tensor NormalCdf(this Tensor x) => Unary("NormalCdf", UnaryKind.NormalCdf, x);
}
