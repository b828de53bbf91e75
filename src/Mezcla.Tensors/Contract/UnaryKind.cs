namespace Mezcla.Tensors.Devices;

/// <summary>Functions of one element; a and b are their parameters.</summary>
public enum UnaryKind
{
    /// <summary>a·x + b.</summary>
    Affine,

    /// <summary>a / x.</summary>
    Reciprocal,

    /// <summary>eˣ.</summary>
    Exp,

    /// <summary>ln x.</summary>
    Log,

    /// <summary>√x.</summary>
    Sqrt,

    /// <summary>x².</summary>
    Square,

    /// <summary>xᵃ.</summary>
    Pow,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>x·Φ(x), where Φ is the distribution function of the standard normal distribution.</summary>
    Gelu,

    /// <summary>The approximation of <see cref="Gelu"/> by tanh.</summary>
    GeluTanh,

    /// <summary>x/(1 + e⁻ˣ).</summary>
    Silu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>ln(1 + eˣ).</summary>
    Softplus,

    /// <summary>Φ(x), the integral of the standard normal density up to x.</summary>
    NormalCdf,
}

/// <summary>What the backward pass needs for each function of one element.</summary>
public static class UnaryKinds
{
    /// <summary>Whether the derivative is written in terms of the result, so that the operand need not be kept.</summary>
    public static bool SavesResult(this UnaryKind kind)
        => kind is UnaryKind.Exp or UnaryKind.Sqrt or UnaryKind.Tanh or UnaryKind.Sigmoid or UnaryKind.Relu;

    /// <summary>Whether the derivative needs neither the operand nor the result.</summary>
    public static bool SavesNothing(this UnaryKind kind) => kind == UnaryKind.Affine;
}
