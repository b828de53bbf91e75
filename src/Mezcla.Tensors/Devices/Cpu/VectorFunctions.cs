using System.Runtime.CompilerServices;

namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>A function of one element, written for sixteen.</summary>
internal interface IVectorFunction
{
    /// <summary>f(x).</summary>
    static abstract L Of<L>(L x) where L : unmanaged, ILanes<L>;
}

/// <summary>A function of two elements: often dy f'(x), of x (or of f(x), where the derivative is simpler in it) and dy.</summary>
internal interface IVectorFunction2
{
    /// <summary>f(x, y).</summary>
    static abstract L Of<L>(L x, L y) where L : unmanaged, ILanes<L>;
}

/// <summary>e^x.</summary>
internal readonly struct ExpFunction : IVectorFunction
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => VectorMath.Exp(x);
}

/// <summary>ln x.</summary>
internal readonly struct LogFunction : IVectorFunction
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => VectorMath.Log(x);
}

/// <summary>tanh x; its derivative, given y = tanh x, is dy (1 - y²).</summary>
internal readonly struct TanhFunction : IVectorFunction, IVectorFunction2
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => VectorMath.Tanh(x);

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L y, L dy) where L : unmanaged, ILanes<L> => dy * L.MultiplyAdd(L.Of(0) - y, y, L.Of(1));
}

/// <summary>σ(x) = 1 / (1 + e^-x); its derivative, given y = σ(x), is dy y (1 - y).</summary>
internal readonly struct SigmoidFunction : IVectorFunction, IVectorFunction2
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => VectorMath.Sigmoid(x);

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L y, L dy) where L : unmanaged, ILanes<L> => dy * y * (L.Of(1) - y);
}

/// <summary>x Φ(x) = x (1 + erf(x / √2)) / 2 (Hendrycks and Gimpel, "Gaussian error linear units", 2016); the derivative is Φ(x) + x φ(x).</summary>
internal readonly struct GeluFunction : IVectorFunction, IVectorFunction2
{
    [MethodImpl(Lanes.Inline)]
    private static L Phi<L>(L x) where L : unmanaged, ILanes<L> => L.MultiplyAdd(VectorMath.Erf(x * L.Of(0.70710678f)), L.Of(0.5f), L.Of(0.5f));

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => x * Phi(x);

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x, L dy) where L : unmanaged, ILanes<L>
    {
        var density = VectorMath.Exp(x * x * L.Of(-0.5f)) * L.Of(0.39894228f);
        return dy * L.MultiplyAdd(x, density, Phi(x));
    }
}

/// <summary>
/// GELU by tanh, as GPT-2 has it: x (1 + tanh u) / 2 = x σ(2u) with u = √(2/π) (x + 0.044715 x³); the derivative is σ + x σ (1 - σ) 2u'.
/// </summary>
internal readonly struct GeluTanhFunction : IVectorFunction, IVectorFunction2
{
    private const float Linear = 1.59576912f, Cubic = 0.0713548163f; // 2 √(2/π), and that times 0.044715

    [MethodImpl(Lanes.Inline)]
    private static L Gate<L>(L x) where L : unmanaged, ILanes<L> =>
        VectorMath.Sigmoid(x * L.MultiplyAdd(x * x, L.Of(Cubic), L.Of(Linear)));

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => x * Gate(x);

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x, L dy) where L : unmanaged, ILanes<L>
    {
        var gate = Gate(x);
        var slope = x * L.MultiplyAdd(x * x, L.Of(3 * Cubic), L.Of(Linear));
        return dy * L.MultiplyAdd(gate * (L.Of(1) - gate), slope, gate);
    }
}

/// <summary>x σ(x); the derivative is σ (1 + x (1 - σ)).</summary>
internal readonly struct SiluFunction : IVectorFunction, IVectorFunction2
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L> => x * VectorMath.Sigmoid(x);

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x, L dy) where L : unmanaged, ILanes<L>
    {
        var gate = VectorMath.Sigmoid(x);
        return dy * gate * L.MultiplyAdd(x, L.Of(1) - gate, L.Of(1));
    }
}

/// <summary>ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); the derivative is σ(x).</summary>
internal readonly struct SoftplusFunction : IVectorFunction, IVectorFunction2
{
    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L>
    {
        // ln(1 + e) = ln u · e / (u - 1) with u = 1 + e rounded, since the rounding cancels (Kahan); e itself where u is 1.
        L zero = L.Of(0), one = L.Of(1), e = VectorMath.Exp(zero - L.Abs(x)), u = one + e, d = u - one;
        var log = L.IfLess(zero, d, VectorMath.Log(u) * (e / d), e);
        return log + L.IfLess(x, zero, zero, x);
    }

    [MethodImpl(Lanes.Inline)]
    public static L Of<L>(L x, L dy) where L : unmanaged, ILanes<L> => dy * VectorMath.Sigmoid(x);
}
