using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Sums along the middle axis of [outer, n, inner]. What is summed is cut into blocks of fixed size; the sums of blocks are added in order,
/// in float64: errors stay small on long axes and do not depend on the threads.
/// </summary>
internal static unsafe class SumKernels
{
    private const int RowBlock = StridedLoop.ChunkFloats, ColumnBlock = 256, Tile = 4 * Lanes.Width;

    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or of the squares.</summary>
    public static void Run(float* x, float* y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
    {
        if (outer * inner == 0)
            return;
        var rows = inner == 1;
        long block = rows ? RowBlock : ColumnBlock, blocks = Math.Max(1, (n + block - 1) / block), tiles = rows
            ? 1
            : (inner + Tile - 1) / Tile;
        var partial = CpuScratch.Floats(CpuScratch.Use.Shared, outer * blocks * inner);
        long tasks = outer * blocks * tiles,
            perChunk = Math.Max(1, StridedLoop.ChunkFloats / Math.Max(1, Math.Min(n, block) * Math.Min(inner, Tile)));
        Simd.Run(checked((int)((tasks + perChunk - 1) / perChunk)), new Job
        {
            X = x,
            Partial = partial,
            N = n,
            Inner = inner,
            Block = block,
            Blocks = blocks,
            Tiles = tiles,
            Tasks = tasks,
            PerChunk = perChunk,
            Squares = squares,
        });
        for (long o = 0; o < outer; o++, partial += blocks * inner, y += inner)
            for (long i = 0; i < inner; i++)
            {
                double sum = 0;
                for (long b = 0; b < blocks; b++)
                    sum += partial[b * inner + i];
                var result = scale * (float)sum;
                y[i] = accumulate ? y[i] + result : result;
            }
    }

    private struct Job : IVectorJob
    {
        public float* X, Partial;
        public long N, Inner, Block, Blocks, Tiles, Tasks, PerChunk;
        public bool Squares;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            for (var task = chunk * PerChunk; task < Math.Min(Tasks, (chunk + 1) * PerChunk); task++)
            {
                long at = task / Tiles, from = at % Blocks * Block, column = task % Tiles * Tile;
                var count = (int)Math.Min(Block, N - from);
                float* x = X + ((at / Blocks * N) + from) * Inner + column, y = Partial + at * Inner + column;
                if (Inner == 1)
                    *y = Squares ? RowMath.Sum<RowMath.Times, L>(x, x, 0, count) : RowMath.Sum<RowMath.Value, L>(x, x, 0, count);
                else if (Inner - column >= Tile)
                    Columns<L>(x, y, count);
                else
                    for (var rest = (int)(Inner - column); rest > 0; rest -= Lanes.Width, x += Lanes.Width, y += Lanes.Width)
                        Last<L>(x, y, count, Math.Min(rest, Lanes.Width));
            }
        }

        private readonly void Columns<L>(float* x, float* y, int count) where L : unmanaged, ILanes<L>
        {
            L a = L.Of(0), b = a, c = a, d = a;
            for (var j = 0; j < count; j++, x += Inner)
            {
                L p = L.Load(x), q = L.Load(x + Lanes.Width), r = L.Load(x + 2 * Lanes.Width), s = L.Load(x + 3 * Lanes.Width);
                if (Squares)
                    (p, q, r, s) = (p * p, q * q, r * r, s * s);
                a += p;
                b += q;
                c += r;
                d += s;
            }
            a.Store(y);
            b.Store(y + Lanes.Width);
            c.Store(y + 2 * Lanes.Width);
            d.Store(y + 3 * Lanes.Width);
        }

        private readonly void Last<L>(float* x, float* y, int count, int width) where L : unmanaged, ILanes<L>
        {
            L sum = L.Of(0);
            for (var j = 0; j < count; j++, x += Inner)
            {
                L p = Lanes.LoadFirst<L>(x, width);
                sum += Squares ? p * p : p;
            }
            Lanes.StoreFirst(sum, y, width);
        }
    }
}
