using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>What is done to each element of up to three arrays; a and b are parameters.</summary>
internal interface IElementFunction
{
    static abstract L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L>;
}

/// <summary>Functions applied element by element, on all threads. The result may lie where an operand does.</summary>
internal static unsafe class VectorMap
{
    // 64 KB: enough work for a thread, and what it reads stays in its second cache.
    private const int ChunkFloats = 16384;

    /// <summary>y = F(x).</summary>
    public static void Unary<F>(float* x, float* y, long n, float a, float b) where F : struct, IUnaryFunction =>
        Run<Value<F>>(x, x, x, y, n, a, b);

    /// <summary>dx (+)= dy F', given what was saved.</summary>
    public static void UnaryBackward<F>(float* saved, float* dy, float* dx, long n, float a, float b, bool accumulate)
        where F : struct, IUnaryFunction =>
        Run<Slope<F>>(saved, dy, dy, dx, n, a, b, accumulate);

    /// <summary>result (+)= F(x, y, z).</summary>
    public static void Run<F>(float* x, float* y, float* z, float* result, long n, float a = 0, float b = 0, bool accumulate = false)
        where F : struct, IElementFunction =>
        Simd.Run((int)((n + ChunkFloats - 1) / ChunkFloats),
            new Job<F> { X = x, Y = y, Z = z, Result = result, Count = n, A = a, B = b, Accumulate = accumulate });

    private readonly struct Value<F> : IElementFunction where F : struct, IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => F.Value(x, a, b);
    }

    private readonly struct Slope<F> : IElementFunction where F : struct, IUnaryFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => y * F.Derivative(x, a, b);
    }

    /// <summary>x + y.</summary>
    public readonly struct Add : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => x + y;
    }

    /// <summary>x - y.</summary>
    public readonly struct Subtract : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => x - y;
    }

    /// <summary>x y.</summary>
    public readonly struct Multiply : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => x * y;
    }

    /// <summary>x / y.</summary>
    public readonly struct Divide : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => x / y;
    }

    /// <summary>a x.</summary>
    public readonly struct Scale : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => a * x;
    }

    /// <summary>silu(x) y, the gated unit of Shazeer, arXiv:2002.05202.</summary>
    public readonly struct SwiGlu : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => UnaryFunctions.Silu.Value(x, a, b) * y;
    }

    /// <summary>silu'(x) y z: the derivative of <see cref="SwiGlu"/> by x, times z.</summary>
    public readonly struct SwiGluGate : IElementFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L z, L a, L b) where L : unmanaged, ILanes<L> => UnaryFunctions.Silu.Derivative(x, a, b) * y * z;
    }

    private struct Job<F> : IVectorJob where F : struct, IElementFunction
    {
        public float* X, Y, Z, Result;
        public long Count;
        public float A, B;
        public bool Accumulate;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = (nint)chunk * ChunkFloats;
            var count = (int)Math.Min(ChunkFloats, Count - start);
            float* x = X + start, y = Y + start, z = Z + start, result = Result + start;
            L a = L.Of(A), b = L.Of(B);
            var whole = count / Lanes.Width * Lanes.Width;
            if (Accumulate)
                for (var i = 0; i < whole; i += Lanes.Width)
                    (L.Load(result + i) + F.Of(L.Load(x + i), L.Load(y + i), L.Load(z + i), a, b)).Store(result + i);
            else
                for (var i = 0; i < whole; i += Lanes.Width)
                    F.Of(L.Load(x + i), L.Load(y + i), L.Load(z + i), a, b).Store(result + i);
            if (whole == count)
                return;
            // What is left is copied to where sixteen can be read.
            var rest = count - whole;
            var last = F.Of(Lanes.LoadFirst<L>(x + whole, rest), Lanes.LoadFirst<L>(y + whole, rest), Lanes.LoadFirst<L>(z + whole, rest),
                a, b);
            if (Accumulate)
                last += Lanes.LoadFirst<L>(result + whole, rest);
            Lanes.StoreFirst(last, result + whole, rest);
        }
    }
}
