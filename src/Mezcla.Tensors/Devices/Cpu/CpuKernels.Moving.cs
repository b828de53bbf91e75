using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Copy(Handle x, Handle y, long bytes) => Buffer.MemoryCopy((void*)x.Address, (void*)y.Address, bytes, bytes);

    internal override void Fill(Handle y, long n, float value)
    {
        for (long at = 0; at < n; at += 1 << 30)
            new Span<float>(Floats(y) + at, Piece(at, n)).Fill(value);
    }

    internal override void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape, int elementBytes)
    {
        if (elementBytes == 2)
            Strided<ushort>((ushort*)x.Address, xStrides, (ushort*)y.Address, yStrides, shape);
        else
            Strided<uint>((uint*)x.Address, xStrides, (uint*)y.Address, yStrides, shape);
    }

    internal override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
    {
        var loop = new StridedLoop(shape, xStrides, yStrides, default);
        float* from = Floats(x), to = Floats(y);
        while (loop.Next(out long a, out long b, out _))
        {
            if (loop.StepA == 1 && loop.StepB == 1)
                TensorPrimitives.Add(new ReadOnlySpan<float>(to + b, loop.Length), new ReadOnlySpan<float>(from + a, loop.Length), new Span<float>(to + b, loop.Length));
            else
                for (int i = 0; i < loop.Length; i++)
                    to[b + i * loop.StepB] += from[a + i * loop.StepA];
        }
    }

    private static void Strided<T>(T* from, ReadOnlySpan<long> xStrides, T* to, ReadOnlySpan<long> yStrides, in Shape shape) where T : unmanaged
    {
        var loop = new StridedLoop(shape, xStrides, yStrides, default);
        while (loop.Next(out long a, out long b, out _))
        {
            if (loop.StepA == 1 && loop.StepB == 1)
                new ReadOnlySpan<T>(from + a, loop.Length).CopyTo(new Span<T>(to + b, loop.Length));
            else if (loop.StepA == 0 && loop.StepB == 1)
                new Span<T>(to + b, loop.Length).Fill(from[a]);
            else
                for (int i = 0; i < loop.Length; i++)
                    to[b + i * loop.StepB] = from[a + i * loop.StepA];
        }
    }

    internal override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        void* source = (void*)x.Address, target = (void*)y.Address;
        if (from == to)
            Copy(x, y, n * from.Bytes());
        else if (from == DType.BFloat16 && to == DType.Float32)
            for (long i = 0; i < n; i++)
                ((float*)target)[i] = FromBFloat16(((ushort*)source)[i]);
        else if (from == DType.Float32 && to == DType.BFloat16)
            for (long i = 0; i < n; i++)
                ((ushort*)target)[i] = ToBFloat16(((float*)source)[i]);
        else if (from == DType.Int32 && to == DType.Float32)
            for (long i = 0; i < n; i++)
                ((float*)target)[i] = ((int*)source)[i];
        else if (from == DType.Float32)
            for (long i = 0; i < n; i++)
                ((int*)target)[i] = (int)((float*)source)[i];
        else if (from == DType.Int32)
            for (long i = 0; i < n; i++)
                ((ushort*)target)[i] = ToBFloat16(((int*)source)[i]);
        else
            for (long i = 0; i < n; i++)
                ((int*)target)[i] = (int)FromBFloat16(((ushort*)source)[i]);
    }

    private static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    // Round to nearest, ties to even; NaN stays NaN.
    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    internal override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes)
    {
        byte* from = (byte*)x.Address, to = (byte*)y.Address;
        int* id = Ints(ids);
        if (Outside(id, count, axis) is >= 0 and var bad)
            return bad;
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < count; i++, to += rowBytes)
                Buffer.MemoryCopy(from + (o * axis + id[i]) * rowBytes, to, rowBytes, rowBytes);
        return -1;
    }

    internal override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row)
    {
        float* from = Floats(x), to = Floats(y);
        int* id = Ints(ids);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < count; i++, from += row)
                Accumulate(from, to + (o * axis + id[i]) * row, row);
    }

    internal override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes)
    {
        int* at = Ints(index);
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

    internal override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count)
    {
        float* from = Floats(x), to = Floats(y);
        int* at = Ints(index);
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

    internal override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
    {
        // A mask is Int32 or Float32: it is 0 where all bits but the sign are.
        int* m = Ints(mask);
        float* left = Floats(a), right = Floats(b), to = Floats(y);
        for (long i = 0; i < n; i++)
        {
            float value = (m[i] & int.MaxValue) != 0 ? left == null ? aValue : left[i] : right == null ? bValue : right[i];
            to[i] = accumulate ? to[i] + value : value;
        }
    }

    internal override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        for (long r = 0; r < batch * rows; r++, from += columns, to += columns)
        {
            long kept = Math.Clamp(r % rows + diagonal + 1, 0, columns);
            for (long c = 0; c < kept; c++)
                to[c] = accumulate ? to[c] + from[c] : from[c];
            if (!accumulate)
                Unsafe.InitBlockUnaligned(to + kept, 0, (uint)((columns - kept) * 4));
        }
    }

    internal override long OneHot(Handle ids, Handle y, long n, long classes)
    {
        int* id = Ints(ids);
        if (Outside(id, n, classes) is >= 0 and var bad)
            return bad;
        Fill(y, n * classes, 0);
        for (long i = 0; i < n; i++)
            Floats(y)[i * classes + id[i]] = 1;
        return -1;
    }

    private static void Accumulate(float* x, float* y, long n)
    {
        for (long at = 0; at < n; at += 1 << 30)
        {
            var to = new Span<float>(y + at, Piece(at, n));
            TensorPrimitives.Add(to, new ReadOnlySpan<float>(x + at, to.Length), to);
        }
    }
}
