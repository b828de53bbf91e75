using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Elementary functions of sixteen floats at once, by polynomials. Relative errors, measured over their range, are about 1e-7. The
/// coefficients are minimax fits of our own (least squares on 4,000 Chebyshev nodes,
/// reweighted until the error is level), rounded to float32.
/// </summary>
internal static class VectorMath
{
    private const float LargestExponent = 88.72284f, SmallestExponent = -86.9f;

    /// <summary>e^x: x = n ln 2 + r, |r| &lt;= ln 2 / 2, e^r = 1 + r + r² P(r). 0 below
    /// -86.9 (1.8e-38), infinite above 88.72, NaN for NaN.</summary>
    [MethodImpl(Lanes.Inline)]
    public static L Exp<L>(L x) where L : unmanaged, ILanes<L>
    {
        L low = L.Of(SmallestExponent), high = L.Of(LargestExponent);
        var held = L.IfLess(x, low, low, L.IfLess(high, x, high, x));
        var n = L.Round(held * L.Of(1.44269504f));
        var p = ExpOfRest(n, held);
        // 2^(n-1), doubled, since 2^128 is not a float.
        p = (p + p) * L.PowerOfTwo(n - L.Of(1));
        return L.IfLess(x, low, L.Of(0), L.IfLess(high, x, L.Of(float.PositiveInfinity), p));
    }

    /// <summary>The same for x up to 88, such as what lies below the largest of a row: without what only larger x need.</summary>
    [MethodImpl(Lanes.Inline)]
    public static L ExpBelow<L>(L x) where L : unmanaged, ILanes<L>
    {
        var low = L.Of(SmallestExponent);
        var held = L.IfLess(x, low, low, x);
        var n = L.Round(held * L.Of(1.44269504f));
        return L.IfLess(x, low, L.Of(0), ExpOfRest(n, held) * L.PowerOfTwo(n));
    }

    // e^(x - n ln 2)
    [MethodImpl(Lanes.Inline)]
    private static L ExpOfRest<L>(L n, L x) where L : unmanaged, ILanes<L>
    {
        var r = L.MultiplyAdd(n, L.Of(-0.693359375f), x);
        r = L.MultiplyAdd(n, L.Of(2.12194440e-4f), r);
        var p = L.MultiplyAdd(L.Of(1.381453942e-3f), r, L.Of(8.368745446e-3f));
        p = L.MultiplyAdd(p, r, L.Of(4.166838899e-2f));
        p = L.MultiplyAdd(p, r, L.Of(1.666652113e-1f));
        p = L.MultiplyAdd(p, r, L.Of(4.999999404e-1f));
        return L.MultiplyAdd(p, r * r, r) + L.Of(1);
    }

    /// <summary>ln x: x = m 2^e with m from sqrt(1/2) to sqrt(2), f = m - 1, ln m = f - f²/2 + f³ P(f).</summary>
    [MethodImpl(Lanes.Inline)]
    public static L Log<L>(L x) where L : unmanaged, ILanes<L>
    {
        // Subnormals are scaled by 2^24 into the normal range.
        L zero = L.Of(0), normal = L.Of(1.17549435e-38f);
        var scaled = L.IfLess(x, normal, x * L.Of(16777216f), x);
        var f = L.SplitExponent(scaled, out var e) - L.Of(1);
        e -= L.IfLess(x, normal, L.Of(24), zero);
        var p = L.MultiplyAdd(L.Of(-7.635651529e-2f), f, L.Of(1.276332587e-1f));
        p = L.MultiplyAdd(p, f, L.Of(-1.316058338e-1f));
        p = L.MultiplyAdd(p, f, L.Of(1.420155317e-1f));
        p = L.MultiplyAdd(p, f, L.Of(-1.662329882e-1f));
        p = L.MultiplyAdd(p, f, L.Of(2.000123411e-1f));
        p = L.MultiplyAdd(p, f, L.Of(-2.500082254e-1f));
        p = L.MultiplyAdd(p, f, L.Of(3.333333135e-1f));
        var ff = f * f;
        var tail = L.MultiplyAdd(p * f, ff, L.MultiplyAdd(ff, L.Of(-0.5f), e * L.Of(-2.12194440e-4f)));
        var result = L.MultiplyAdd(e, L.Of(0.693359375f), f + tail);
        // Infinite and NaN are their own logarithms; 0 gives -infinity and less gives NaN.
        result = L.IfLess(x, L.Of(float.PositiveInfinity), result, x);
        return L.IfLess(zero, x, result, L.IfLess(x, zero, L.Of(float.NaN), x + L.IfLess(x, normal, L.Of(float.NegativeInfinity), zero)));
    }

    /// <summary>tanh x: x + x³ P(x²) below 0.625, else 1 - 2 / (e^2x + 1).</summary>
    [MethodImpl(Lanes.Inline)]
    public static L Tanh<L>(L x) where L : unmanaged, ILanes<L>
    {
        L zero = L.Of(0), one = L.Of(1), size = L.Abs(x), z = x * x;
        var p = L.MultiplyAdd(L.Of(-5.709496327e-3f), z, L.Of(2.064413577e-2f));
        p = L.MultiplyAdd(p, z, L.Of(-5.374162272e-2f));
        p = L.MultiplyAdd(p, z, L.Of(1.333146989e-1f));
        p = L.MultiplyAdd(p, z, L.Of(-3.333328366e-1f));
        var large = one - L.Of(2) / (Exp(size + size) + one);
        return L.IfLess(size, L.Of(0.625f), L.MultiplyAdd(p * z, x, x), L.IfLess(x, zero, zero - large, large));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(Lanes.Inline)]
    public static L Sigmoid<L>(L x) where L : unmanaged, ILanes<L> => L.Of(1) / (L.Of(1) + Exp(L.Of(0) - x));

    /// <summary>
    /// Φ(x), the integral of the normal density φ up to x, and φ(x): Φ(-|x|) = e^(-x²/2) t P(t) with t = 1 / (1 + 0.34 |x|), the form of
    /// Abramowitz and Stegun 26.2.17. So one exponential serves both, and small values of Φ are right to six digits too.
    /// </summary>
    [MethodImpl(Lanes.Inline)]
    public static L NormalCdf<L>(L x, out L density) where L : unmanaged, ILanes<L>
    {
        L zero = L.Of(0), one = L.Of(1);
        var bell = ExpBelow(x * x * L.Of(-0.5f));
        density = bell * L.Of(0.39894228f);
        var t = one / L.MultiplyAdd(L.Of(0.34f), L.Abs(x), one);
        var p = L.MultiplyAdd(L.Of(-2.647189237e-2f), t, L.Of(1.411501020e-1f));
        p = L.MultiplyAdd(p, t, L.Of(-2.764141262e-1f));
        p = L.MultiplyAdd(p, t, L.Of(2.057776153e-1f));
        p = L.MultiplyAdd(p, t, L.Of(-4.708465934e-2f));
        p = L.MultiplyAdd(p, t, L.Of(1.163141951e-1f));
        p = L.MultiplyAdd(p, t, L.Of(1.149675399e-1f));
        p = L.MultiplyAdd(p, t, L.Of(1.361423880e-1f));
        p = L.MultiplyAdd(p, t, L.Of(1.356188506e-1f));
        var tail = bell * (p * t);
        return L.IfLess(x, zero, tail, one - tail);
    }
}
