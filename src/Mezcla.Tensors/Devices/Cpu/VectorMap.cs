using System.Runtime.CompilerServices;

namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>Functions applied element by element, on all threads. The result may lie where an operand does.</summary>
internal static unsafe class VectorMap
{
    // 64 KB: enough work for a thread, and what it reads stays in its second cache.
    private const int ChunkFloats = 16384;

    /// <summary>y = F(x), or y += F(x).</summary>
    public static void Run<F>(float* x, float* y, long n, bool accumulate = false) where F : struct, IVectorFunction =>
        Run(new Job<One<F>> { X = x, Y = x, Z = y, Count = n, Accumulate = accumulate });

    /// <summary>z = F(x, y), or z += F(x, y).</summary>
    public static void Run2<F>(float* x, float* y, float* z, long n, bool accumulate = false) where F : struct, IVectorFunction2 =>
        Run(new Job<F> { X = x, Y = y, Z = z, Count = n, Accumulate = accumulate });

    private static void Run<F>(Job<F> job) where F : struct, IVectorFunction2 =>
        Simd.Run((int)((job.Count + ChunkFloats - 1) / ChunkFloats), job);

    private readonly struct One<F> : IVectorFunction2 where F : struct, IVectorFunction
    {
        [MethodImpl(Lanes.Inline)]
        public static L Of<L>(L x, L y) where L : unmanaged, ILanes<L> => F.Of(x);
    }

    private struct Job<F> : IVectorJob where F : struct, IVectorFunction2
    {
        public float* X, Y, Z;
        public long Count;
        public bool Accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = (nint)chunk * ChunkFloats;
            var count = (int)Math.Min(ChunkFloats, Count - start);
            float* x = X + start, y = Y + start, z = Z + start;
            var whole = count / Lanes.Width * Lanes.Width;
            if (Accumulate)
                for (var i = 0; i < whole; i += Lanes.Width) (L.Load(z + i) + F.Of(L.Load(x + i), L.Load(y + i))).Store(z + i);
            else
                for (var i = 0; i < whole; i += Lanes.Width) F.Of(L.Load(x + i), L.Load(y + i)).Store(z + i);
            if (whole == count) return;
            // What is left is copied to where sixteen can be read.
            var rest = count - whole;
            var last = F.Of(Lanes.LoadFirst<L>(x + whole, rest), Lanes.LoadFirst<L>(y + whole, rest));
            if (Accumulate) last += Lanes.LoadFirst<L>(z + whole, rest);
            Lanes.StoreFirst(last, z + whole, rest);
        }
    }
}
