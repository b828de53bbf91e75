using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>A function of one element and its derivative, given what
/// <see cref="UnaryKinds.SavesResult"/> says was saved; for sixteen at once.</summary>
internal interface IUnaryFunction
{
    static abstract L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L>;

    static abstract L Derivative<L>(L saved, L a, L b) where L : unmanaged, ILanes<L>;
}

/// <summary>A function of x whose value and derivative have so much in common that both cost little more than one.</summary>
internal interface IActivation : IUnaryFunction
{
    static abstract L Both<L>(L x, out L derivative) where L : unmanaged, ILanes<L>;
}

/// <summary>The functions behind <see cref="UnaryKind"/>.</summary>
internal static class UnaryFunctions
{
    internal readonly struct Affine : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            L.MultiplyAdd(a, x, b);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            a;
    }

    internal readonly struct Reciprocal : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            a / x;

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            L.Of(0) - a / (x * x);
    }

    internal readonly struct Exp : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.Exp(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L y, L a, L b) where L : unmanaged, ILanes<L> =>
            y;
    }

    internal readonly struct Log : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.Log(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            L.Of(1) / x;
    }

    internal readonly struct Sqrt : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            L.Sqrt(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L y, L a, L b) where L : unmanaged, ILanes<L> =>
            L.Of(0.5f) / y;
    }

    internal readonly struct Square : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            x * x;

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            x + x;
    }

    /// <summary>xᵃ; the derivative is a xᵃ⁻¹.</summary>
    internal readonly struct Pow : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            Lanes.Each<L, PowEach>(x, a);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            a * Lanes.Each<L, PowEach>(x, a - L.Of(1));
    }

    /// <summary>The derivative is 1 - y².</summary>
    internal readonly struct Tanh : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.Tanh(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L y, L a, L b) where L : unmanaged, ILanes<L> =>
            L.MultiplyAdd(L.Of(0) - y, y, L.Of(1));
    }

    /// <summary>The derivative is y (1 - y).</summary>
    internal readonly struct Sigmoid : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.Sigmoid(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L y, L a, L b) where L : unmanaged, ILanes<L> =>
            y * (L.Of(1) - y);
    }

    /// <summary>x Φ(x) (Hendrycks and Gimpel, arXiv:1606.08415); the derivative is Φ(x) + x φ(x).</summary>
    internal readonly struct Gelu : IActivation
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            x * VectorMath.NormalCdf(x, out _);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L>
        {
            Both(x, out var derivative);
            return derivative;
        }

        [MethodImpl(Lanes.Inline)]
        public static L Both<L>(L x, out L derivative) where L : unmanaged, ILanes<L>
        {
            var below = VectorMath.NormalCdf(x, out var density);
            derivative = L.MultiplyAdd(x, density, below);
            return x * below;
        }
    }

    /// <summary>Φ(x); the derivative is the normal density.</summary>
    internal readonly struct NormalCdf : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.NormalCdf(x, out _);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L>
        {
            VectorMath.NormalCdf(x, out var density);
            return density;
        }
    }

    /// <summary>GELU by tanh, as GPT-2 has it: x (1 + tanh u) / 2 = x σ(2u) with u = √(2/π) (x
    /// + 0.044715 x³); the derivative is σ + x σ (1 - σ) 2u'.</summary>
    internal readonly struct GeluTanh : IActivation
    {
        private const float Linear = 1.59576912f, Cubic = 0.0713548163f; // 2 √(2/π), and that times 0.044715

        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            x * Gate(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L>
        {
            Both(x, out var derivative);
            return derivative;
        }

        [MethodImpl(Lanes.Inline)]
        public static L Both<L>(L x, out L derivative) where L : unmanaged, ILanes<L>
        {
            var gate = Gate(x);
            var slope = x * L.MultiplyAdd(x * x, L.Of(3 * Cubic), L.Of(Linear));
            derivative = L.MultiplyAdd(gate * (L.Of(1) - gate), slope, gate);
            return x * gate;
        }

        [MethodImpl(Lanes.Inline)]
        private static L Gate<L>(L x) where L : unmanaged, ILanes<L> =>
            VectorMath.Sigmoid(x * L.MultiplyAdd(x * x, L.Of(Cubic), L.Of(Linear)));
    }

    /// <summary>x σ(x); the derivative is σ (1 + x (1 - σ)).</summary>
    internal readonly struct Silu : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            x * VectorMath.Sigmoid(x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L>
        {
            var gate = VectorMath.Sigmoid(x);
            return gate * L.MultiplyAdd(x, L.Of(1) - gate, L.Of(1));
        }
    }

    internal readonly struct Relu : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            L.IfLess(x, L.Of(0), L.Of(0), x);

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L y, L a, L b) where L : unmanaged, ILanes<L> =>
            L.IfLess(L.Of(0), y, L.Of(1), L.Of(0));
    }

    /// <summary>ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|); the derivative is σ(x).</summary>
    internal readonly struct Softplus : IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Value<L>(L x, L a, L b) where L : unmanaged, ILanes<L>
        {
            // ln(1 + e) = ln u · e / (u - 1) with u = 1 + e rounded, since the rounding cancels (Kahan); e itself where u is 1.
            L zero = L.Of(0), one = L.Of(1), e = VectorMath.Exp(zero - L.Abs(x)), u = one + e, d = u - one;
            var log = L.IfLess(zero, d, VectorMath.Log(u) * (e / d), e);
            return log + L.IfLess(x, zero, zero, x);
        }

        [MethodImpl(Lanes.Inline)]
        public static L Derivative<L>(L x, L a, L b) where L : unmanaged, ILanes<L> =>
            VectorMath.Sigmoid(x);
    }

    internal readonly struct PowEach : IScalarFunction
    {
        public static float Of(float x, float a) => a == 0 ? 1 : MathF.Pow(x, a);
    }
}
