using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Copy(Handle x, Handle y, long bytes) =>
        CpuRanges.Run(bytes, 1, new CopyJob { X = (byte*)x.Address, Y = (byte*)y.Address });

    private struct CopyJob : IRangeJob
    {
        public byte* X, Y;

        public readonly void Run(long from, long to) => Buffer.MemoryCopy(X + from, Y + from, to - from, to - from);
    }

    public override void Fill(Handle y, long n, float value) => CpuRanges.Run(n, 1, new FillJob { Y = Floats(y), Value = value });

    private struct FillJob : IRangeJob
    {
        public float* Y;
        public float Value;

        public readonly void Run(long from, long to) => new Span<float>(Y + from, (int)(to - from)).Fill(Value);
    }

    public override void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape,
        int elementBytes)
    {
        var loop = new StridedLoop(shape, xStrides, yStrides);
        if (elementBytes == 2)
            Run(new CopyStridedJob<ushort> { X = (ushort*)x.Address, Y = (ushort*)y.Address, Loop = loop });
        else
            Run(new CopyStridedJob<uint> { X = (uint*)x.Address, Y = (uint*)y.Address, Loop = loop });

        void Run<TJob>(TJob job) where TJob : unmanaged, IParallelJob => CpuThreads.Run(loop.Chunks, ref job);
    }

    public override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
    {
        var job = new AddStridedJob { X = Floats(x), Y = Floats(y), Loop = new StridedLoop(shape, xStrides, yStrides) };
        CpuThreads.Run(job.Loop.Chunks, ref job);
    }

    private struct CopyStridedJob<T> : IParallelJob where T : unmanaged
    {
        public T* X, Y;
        public StridedLoop Loop;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(int chunk)
        {
            var (from, to) = Loop.Pieces(chunk);
            for (var piece = from; piece < to; piece++)
            {
                var n = Loop.At(piece, out var a, out var b, out _);
                T* x = X + a, y = Y + b;
                if (Loop.StepA == 1 && Loop.StepB == 1)
                    new ReadOnlySpan<T>(x, n).CopyTo(new Span<T>(y, n));
                else if (Loop.StepA == 0 && Loop.StepB == 1)
                    new Span<T>(y, n).Fill(*x);
                else
                    for (var i = 0; i < n; i++)
                        y[i * Loop.StepB] = x[i * Loop.StepA];
            }
        }
    }

    private struct AddStridedJob : IParallelJob
    {
        public float* X, Y;
        public StridedLoop Loop;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(int chunk)
        {
            var (from, to) = Loop.Pieces(chunk);
            for (var piece = from; piece < to; piece++)
            {
                var n = Loop.At(piece, out var a, out var b, out _);
                float* x = X + a, y = Y + b;
                if (Loop.StepA == 1 && Loop.StepB == 1)
                    Accumulate(x, y, n);
                else
                    for (var i = 0; i < n; i++)
                        y[i * Loop.StepB] += x[i * Loop.StepA];
            }
        }
    }

    private static void Accumulate(float* x, float* y, int n)
        => TensorPrimitives.Add(new ReadOnlySpan<float>(y, n), new ReadOnlySpan<float>(x, n), new Span<float>(y, n));

    public override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        if (from == to)
            Copy(x, y, n * from.Bytes());
        else
            CpuRanges.Run(n, 2, new ConvertJob { X = (void*)x.Address, Y = (void*)y.Address, From = from, To = to });
    }

    private struct ConvertJob : IRangeJob
    {
        public void* X, Y;
        public DType From, To;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (var i = from; i < to; i++)
            {
                var value = From switch
                {
                    DType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)X)[i] << 16),
                    DType.Int32 => ((int*)X)[i],
                    _ => ((float*)X)[i],
                };
                if (To == DType.BFloat16)
                    ((ushort*)Y)[i] = ToBFloat16(value);
                else if (To == DType.Int32)
                    ((int*)Y)[i] = (int)value;
                else
                    ((float*)Y)[i] = value;
            }
        }

        // Round to nearest, ties to even; NaN stays NaN.
        private static ushort ToBFloat16(float value)
        {
            var bits = BitConverter.SingleToUInt32Bits(value);
            return (ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    public override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        if (Outside(Ints(ids), count, axis) is >= 0 and var bad)
            return bad;
        CpuRanges.Run(outer * count, rowBytes / 4,
            new GatherRowsJob
            {
                X = (byte*)x.Address,
                Y = (byte*)y.Address,
                Ids = Ints(ids),
                Axis = axis,
                Count = count,
                RowBytes = rowBytes
            });
        return -1;
    }

    private struct GatherRowsJob : IRangeJob
    {
        public byte* X, Y;
        public int* Ids;
        public long Axis, Count, RowBytes;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (var i = from; i < to; i++)
                Buffer.MemoryCopy(X + (i / Count * Axis + Ids[i % Count]) * RowBytes, Y + i * RowBytes, RowBytes, RowBytes);
        }
    }

    // Every row of the result has one owner, which looks through all ids in order.
    public override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
        => CpuRanges.Run(axis, Math.Max(outer * count * row / Math.Max(axis, 1), StridedLoop.ChunkFloats / Math.Max(1, axis / 8)),
            new ScatterAddRowsJob { X = Floats(x), Y = Floats(y), Ids = Ints(ids), Outer = outer, Axis = axis, Count = count, Row = row });

    private struct ScatterAddRowsJob : IRangeJob
    {
        public float* X, Y;
        public int* Ids;
        public long Outer, Axis, Count, Row;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (long o = 0; o < Outer; o++)
                for (long i = 0; i < Count; i++)
                    if (Ids[i] >= from && Ids[i] < to)
                        for (long at = 0; at < Row; at += 1 << 30)
                            Accumulate(X + (o * Count + i) * Row + at, Y + (o * Axis + Ids[i]) * Row + at, Piece(at, Row));
        }
    }

    public override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes,
        in IndexCheck check)
    {
        var at = Ints(index);
        if (Outside(at, outer * count * inner, axis) is >= 0 and var bad)
            return bad;
        if (elementBytes == 2)
            Gather((ushort*)x.Address, at, (ushort*)y.Address, outer, axis, inner, count);
        else
            Gather((uint*)x.Address, at, (uint*)y.Address, outer, axis, inner, count);
        return -1;
    }

    private static void Gather<T>(T* from, int* at, T* to, long outer, long axis, long inner, long count) where T : unmanaged
    {
        for (long o = 0; o < outer; o++, from += axis * inner)
            for (long j = 0; j < count; j++)
                for (long i = 0; i < inner; i++)
                    *to++ = from[*at++ * inner + i];
    }

    public override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        float* from = Floats(x), to = Floats(y);
        var at = Ints(index);
        if (Outside(at, outer * count * inner, axis) is >= 0 and var bad)
            return bad;
        for (long o = 0; o < outer; o++, to += axis * inner)
            for (long j = 0; j < count; j++)
                for (long i = 0; i < inner; i++)
                    to[*at++ * inner + i] += *from++;
        return -1;
    }

    private static long Outside(int* ids, long n, long limit)
    {
        for (long i = 0; i < n; i++)
            if ((uint)ids[i] >= limit)
                return i;
        return -1;
    }

    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
        =>
        CpuRanges.Run(n, 4,
            new SelectJob
            {
                Mask = Ints(mask),
                A = Floats(a),
                B = Floats(b),
                Y = Floats(y),
                AValue = aValue,
                BValue = bValue,
                Accumulate = accumulate
            });

    private struct SelectJob : IRangeJob
    {
        public int* Mask;
        public float* A, B, Y;
        public float AValue, BValue;
        public bool Accumulate;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (var i = from; i < to; i++)
            {
                // A mask is Int32 or Float32: it is 0 where all bits but the sign are.
                var value = (Mask[i] & int.MaxValue) != 0 ? A == null ? AValue : A[i] : B == null ? BValue : B[i];
                Y[i] = Accumulate ? Y[i] + value : value;
            }
        }
    }

    public override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
        => CpuRanges.Run(batch * rows, columns,
            new TrilJob { X = Floats(x), Y = Floats(y), Rows = rows, Columns = columns, Diagonal = diagonal, Accumulate = accumulate });

    private struct TrilJob : IRangeJob
    {
        public float* X, Y;
        public long Rows, Columns, Diagonal;
        public bool Accumulate;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (var r = from; r < to; r++)
            {
                var kept = (int)Math.Clamp(r % Rows + Diagonal + 1, 0, Columns);
                float* x = X + r * Columns, y = Y + r * Columns;
                if (Accumulate)
                    CpuKernels.Accumulate(x, y, kept);
                else
                {
                    new ReadOnlySpan<float>(x, kept).CopyTo(new Span<float>(y, kept));
                    new Span<float>(y + kept, (int)Columns - kept).Clear();
                }
            }
        }
    }
}
