namespace Mezcla.Tensors.Devices;

/// <summary>Functions of one element; a and b are their parameters.</summary>
internal enum UnaryKind
{
    /// <summary>a·x + b.</summary>
    Affine,

    /// <summary>a / x.</summary>
    Reciprocal,
    Exp,
    Log,
    Sqrt,
    Rsqrt,
    Square,
    Abs,

    /// <summary>xᵃ.</summary>
    Pow,

    /// <summary>Held between a and b.</summary>
    Clamp,
    Tanh,
    Sigmoid,
    Gelu,
    GeluTanh,
    Silu,
    Relu,
    Softplus,
    Sin,
    Cos,

    /// <summary>Φ(x), the integral of the standard normal density up to x.</summary>
    NormalCdf,
}

/// <summary>Functions of two elements. Comparisons give 1 or 0.</summary>
internal enum BinaryKind
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Maximum,
    Minimum,
    Greater,
    Less,
    Equal,
}

internal static class UnaryKinds
{
    /// <summary>Whether the derivative is written in terms of the result, so that the operand need not be kept.</summary>
    internal static bool SavesResult(this UnaryKind kind)
        => kind is UnaryKind.Exp or UnaryKind.Sqrt or UnaryKind.Rsqrt or UnaryKind.Tanh or UnaryKind.Sigmoid or UnaryKind.Relu;

    /// <summary>Whether the derivative needs neither.</summary>
    internal static bool SavesNothing(this UnaryKind kind) => kind == UnaryKind.Affine;
}
