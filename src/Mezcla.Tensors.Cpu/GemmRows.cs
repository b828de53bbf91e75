using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Products of very few rows, such as one token's: bound by the reading of the right factor, which streams through once.</summary>
internal static unsafe class GemmRows
{
    /// <summary>Up to this many rows go this way.</summary>
    public const int MostRows = 4;

    // Floats of the right factor that one chunk reads: a third of the second cache.
    private const int ChunkFloats = 65536;

    /// <summary>The whole product. The left factor's rows are contiguous, and the right factor is contiguous in one direction.</summary>
    public static void Multiply<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var columns = Math.Max(1, ChunkFloats / Math.Max(1, product.Depth));
        // Whole cache lines of C for each chunk.
        columns = (columns + 63) / 64 * 64;
        var job = new Job<L> { Product = product, ChunkColumns = columns };
        CpuThreads.Run((product.Columns + columns - 1) / columns, ref job);
    }

    private struct Job<L> : IParallelJob where L : unmanaged, ILanes<L>
    {
        public MatrixProduct Product;
        public int ChunkColumns;

        public readonly void Run(int chunk)
        {
            var start = chunk * ChunkColumns;
            var end = Math.Min(Product.Columns, start + ChunkColumns);
            if (Product.BStep == 1)
                Dots(Product, start, end);
            else
                Sums(Product, start, end);
            GemmFinish.Run<L>(Product, 0, Product.Rows, start, end - start);
        }

        // Columns of the right factor are contiguous: each element of C is a dot product, and memory is read from end to end (one stream
        // was half as fast again as two or four). Further rows find the column in the first cache.
        [MethodImpl(Lanes.Kernel)]
        private static void Dots(in MatrixProduct p, int start, int end)
        {
            var whole = p.Depth / Lanes.Width * Lanes.Width;
            for (var column = start; column < end; column++)
            {
                var b = p.B + column * p.BColumn;
                for (var row = 0; row < p.Rows; row++)
                {
                    var a = p.A + row * p.ARow;
                    L s0 = L.Of(0), s1 = s0, s2 = s0, s3 = s0;
                    var d = 0;
                    for (; d <= whole - 4 * Lanes.Width; d += 4 * Lanes.Width)
                    {
                        s0 = L.MultiplyAdd(L.Load(a + d), L.Load(b + d), s0);
                        s1 = L.MultiplyAdd(L.Load(a + d + 16), L.Load(b + d + 16), s1);
                        s2 = L.MultiplyAdd(L.Load(a + d + 32), L.Load(b + d + 32), s2);
                        s3 = L.MultiplyAdd(L.Load(a + d + 48), L.Load(b + d + 48), s3);
                    }
                    for (; d < whole; d += Lanes.Width)
                        s0 = L.MultiplyAdd(L.Load(a + d), L.Load(b + d), s0);
                    Put(p, row, column, ((s0 + s1) + (s2 + s3)).Sum(), b + whole, p.Depth - whole);
                }
            }
        }

        // Finishes an element of C with what did not fill the lanes.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put(in MatrixProduct p, int row, int column, float sum, float* b, int rest)
        {
            var a = p.A + row * p.ARow + p.Depth - rest;
            for (var i = 0; i < rest; i++)
                sum = float.MultiplyAddEstimate(a[i], b[i], sum);
            var target = p.C + row * p.CRow + column;
            sum *= p.Alpha;
            if (p.Beta != 0)
                sum += p.Beta * *target;
            if (p.Bias != null)
                sum += p.Bias[column];
            *target = sum;
        }

        // Rows of the right factor are contiguous: a run of C is a sum of them, each times an element of the left row.
        [MethodImpl(Lanes.Kernel)]
        private static void Sums(in MatrixProduct p, int start, int end)
        {
            var column = start;
            for (var row = 0; row < p.Rows; row++)
            {
                var a = p.A + row * p.ARow;
                var target = new TileTarget(p.C + row * p.CRow, p.CRow, 1, p.Columns, p.Alpha, p.Beta, p.Bias);
                for (column = start; column <= end - 128; column += 128)
                {
                    L s0 = L.Of(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
                    var b = p.B + column;
                    for (var d = 0; d < p.Depth; d++, b += p.BStep)
                    {
                        var x = L.Of(a[d]);
                        s0 = L.MultiplyAdd(x, L.Load(b), s0);
                        s1 = L.MultiplyAdd(x, L.Load(b + 16), s1);
                        s2 = L.MultiplyAdd(x, L.Load(b + 32), s2);
                        s3 = L.MultiplyAdd(x, L.Load(b + 48), s3);
                        s4 = L.MultiplyAdd(x, L.Load(b + 64), s4);
                        s5 = L.MultiplyAdd(x, L.Load(b + 80), s5);
                        s6 = L.MultiplyAdd(x, L.Load(b + 96), s6);
                        s7 = L.MultiplyAdd(x, L.Load(b + 112), s7);
                    }
                    target.PutEdge(0, column, s0);
                    target.PutEdge(0, column + 16, s1);
                    target.PutEdge(0, column + 32, s2);
                    target.PutEdge(0, column + 48, s3);
                    target.PutEdge(0, column + 64, s4);
                    target.PutEdge(0, column + 80, s5);
                    target.PutEdge(0, column + 96, s6);
                    target.PutEdge(0, column + 112, s7);
                }
                for (; column < end; column += Lanes.Width)
                {
                    var present = Math.Min(Lanes.Width, end - column);
                    var sum = L.Of(0);
                    for (var d = 0; d < p.Depth; d++)
                    {
                        var b = p.B + column + d * p.BStep;
                        sum = L.MultiplyAdd(L.Of(a[d]), present == Lanes.Width ? L.Load(b) : Lanes.LoadFirst<L>(b, present), sum);
                    }
                    target.PutEdge(0, column, sum);
                }
            }
        }
    }
}
