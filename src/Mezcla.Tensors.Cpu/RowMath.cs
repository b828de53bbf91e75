using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Sums, maxima and exponentials over one row. Each has one order of summation, whatever the processor.</summary>
internal static unsafe class RowMath
{
    // Rows worked on together by one thread: about 64 KB.
    private const long ChunkFloats = 16384;

    /// <summary>How many rows of n floats make a chunk.</summary>
    public static int RowsPerChunk(long n) => (int)Math.Max(1, ChunkFloats / Math.Max(1, n));

    /// <summary>What is summed: a function of x and y at the same place.</summary>
    public interface ITerm
    {
        /// <summary>The term; <paramref name="a"/> is a parameter of the sum.</summary>
        static abstract L Of<L>(L x, L y, L a) where L : unmanaged, ILanes<L>;
    }

    /// <summary>x.</summary>
    public readonly struct Value : ITerm
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L a) where L : unmanaged, ILanes<L> => x;
    }

    /// <summary>x y.</summary>
    public readonly struct Times : ITerm
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L a) where L : unmanaged, ILanes<L> => x * y;
    }

    /// <summary>(x - a)².</summary>
    public readonly struct SquaredDistance : ITerm
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y, L a) where L : unmanaged, ILanes<L> => (x - a) * (x - a);
    }

    /// <summary>The sum of a term over a row of n, in 32 running sums that are added as a tree.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float Sum<T, L>(float* x, float* y, float a, int n) where T : ITerm where L : unmanaged, ILanes<L>
    {
        L zero = L.Of(0), even = zero, odd = zero, parameter = L.Of(a);
        var i = 0;
        for (; i <= n - 2 * Lanes.Width; i += 2 * Lanes.Width)
        {
            even += T.Of(L.Load(x + i), L.Load(y + i), parameter);
            odd += T.Of(L.Load(x + i + Lanes.Width), L.Load(y + i + Lanes.Width), parameter);
        }
        for (; i < n; i += Lanes.Width)
        {
            var count = Math.Min(Lanes.Width, n - i);
            // Missing elements are such that their term is 0.
            even += T.Of(Lanes.LoadFirst<L>(x + i, count, a), Lanes.LoadFirst<L>(y + i, count), parameter);
        }
        return (even + odd).Sum();
    }

    /// <summary>The largest of n; -infinity for none.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float Max<L>(float* x, int n) where L : unmanaged, ILanes<L>
    {
        L even = L.Of(float.NegativeInfinity), odd = even;
        var i = 0;
        for (; i <= n - 2 * Lanes.Width; i += 2 * Lanes.Width)
        {
            even = L.Max(even, L.Load(x + i));
            odd = L.Max(odd, L.Load(x + i + Lanes.Width));
        }
        for (; i < n; i += Lanes.Width)
            even = L.Max(even, Lanes.LoadFirst<L>(x + i, Math.Min(Lanes.Width, n - i), float.NegativeInfinity));
        return L.Max(even, odd).Max();
    }

    /// <summary>Σ e^(x - largest), each term also written to <paramref name="y"/> unless that
    /// is null; no x is larger than <paramref name="largest"/>.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float SumExp<L>(float* x, float* y, float largest, int n) where L : unmanaged, ILanes<L>
    {
        L even = L.Of(0), odd = even, most = L.Of(largest);
        var i = 0;
        for (; i <= n - 2 * Lanes.Width; i += 2 * Lanes.Width)
        {
            var a = VectorMath.ExpBelow(L.Load(x + i) - most);
            var b = VectorMath.ExpBelow(L.Load(x + i + Lanes.Width) - most);
            even += a;
            odd += b;
            if (y == null)
                continue;
            a.Store(y + i);
            b.Store(y + i + Lanes.Width);
        }
        for (; i < n; i += Lanes.Width)
        {
            var count = Math.Min(Lanes.Width, n - i);
            var a = VectorMath.ExpBelow(Lanes.LoadFirst<L>(x + i, count, float.NegativeInfinity) - most);
            even += a;
            if (y != null)
                Lanes.StoreFirst(a, y + i, count);
        }
        return (even + odd).Sum();
    }

    /// <summary>ln x by the same polynomial as everywhere, so that it has the same bits on every system.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float Log<L>(float x) where L : unmanaged, ILanes<L> => VectorMath.Log(L.Of(x)).Max();
}
