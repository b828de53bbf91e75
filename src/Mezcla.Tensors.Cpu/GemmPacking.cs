using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Copies part of a matrix into the order in which the tile kernels read it: strips of a fixed width, and within a strip all of its
/// lanes at depth 0, then all at depth 1, ... The lanes are rows of the left factor or columns of the right one. Transposing happens here.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>Packs lanes into strips that lie close together.</summary>
    public static void Pack(float* source, nint laneStride, nint depthStride, int lanes, int depth, int width, float* target) =>
        Pack(source, laneStride, depthStride, lanes, depth, width, target, depth);

    /// <summary>
    /// Packs <paramref name="lanes"/> lanes of <paramref name="depth"/> floats into strips of <paramref name="width"/>; the last strip is
    /// filled up with zeros. Lane i at depth d is source[i * laneStride + d * depthStride],
    /// where one of the strides is 1. From one strip to the next it is
    /// <paramref name="pitch"/> depths, more than <paramref name="depth"/> where only some depths of each strip are packed by this call.
    /// </summary>
    [MethodImpl(Lanes.Kernel)]
    public static void Pack(float* source, nint laneStride, nint depthStride, int lanes, int depth, int width, float* target, int pitch)
    {
        var (lane, strip) = (0, (nint)width * pitch);
        if (laneStride == 1 && width % 8 == 0)
        {
            var strips = lanes / width;
            lane = strips * width;
            if (width == 8)
                CopyStrips8(source, depthStride, strips, depth, target, strip);
            else
                CopyStrips(source, depthStride, strips, depth, width, target, strip);
            target += strips * strip;
        }
        for (; lane < lanes; lane += width, target += strip)
        {
            var present = Math.Min(width, lanes - lane);
            var from = source + lane * laneStride;
            if (present < width)
                new Span<float>(target, width * depth).Clear();
            if (laneStride == 1)
                CopyLanes(from, depthStride, present, depth, width, target);
            else
                TransposeLanes(from, laneStride, depthStride, present, depth, width, target);
        }
    }

    // Depths that are asked for ahead.
    private const int Ahead = 8;

    // Neighbouring lanes of all strips are read from end to end before the next depth, which often lies in another page: the processor
    // cannot predict this, so the program prefetches the lines some depths ahead.
    [MethodImpl(Lanes.Kernel)]
    private static void CopyStrips(float* from, nint depthStride, int strips, int depth, int width, float* to, nint strip)
    {
        for (var d = 0; d < depth; d++, from += depthStride, to += width)
        {
            float* source = from, target = to;
            var ahead = d + Ahead < depth ? Ahead * depthStride : 0;
            for (var s = 0; s < strips; s++, target += strip)
                for (var i = 0; i < width; i += 16, source += 16)
                {
                    if (Sse.IsSupported)
                        Sse.Prefetch0(source + ahead);
                    Vector512.Store(Vector512.Load(source), target + i);
                }
        }
    }

    // Eight lanes are half a cache line: two depths are written together, since
    // strips can lie so that they push each other out of the cache.
    [MethodImpl(Lanes.Kernel)]
    private static void CopyStrips8(float* from, nint depthStride, int strips, int depth, float* to, nint strip)
    {
        var d = 0;
        for (; d <= depth - 2; d += 2, from += 2 * depthStride, to += 16)
        {
            float* source = from, next = from + depthStride, target = to;
            var ahead = d + Ahead < depth - 1 ? Ahead * depthStride : 0;
            for (var s = 0; s < strips; s++, source += 8, next += 8, target += strip)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(source + ahead);
                    Sse.Prefetch0(next + ahead);
                }
                Vector256.Store(Vector256.Load(source), target);
                Vector256.Store(Vector256.Load(next), target + 8);
            }
        }
        if (d == depth)
            return;
        for (var s = 0; s < strips; s++, from += 8, to += strip)
            Vector256.Store(Vector256.Load(from), to);
    }

    // Lanes are neighbours in the source.
    [MethodImpl(Lanes.Kernel)]
    private static void CopyLanes(float* from, nint depthStride, int present, int depth, int width, float* to)
    {
        for (var d = 0; d < depth; d++, from += depthStride, to += width)
        {
            var i = 0;
            for (; i <= present - 16; i += 16)
                Vector512.Store(Vector512.Load(from + i), to + i);
            for (; i <= present - 8; i += 8)
                Vector256.Store(Vector256.Load(from + i), to + i);
            for (; i < present; i++)
                to[i] = from[i];
        }
    }

    // Depths are neighbours in the source: blocks of 4 lanes x 4 depths are transposed in registers.
    [MethodImpl(Lanes.Kernel)]
    private static void TransposeLanes(float* from, nint laneStride, nint depthStride, int present, int depth, int width, float* to)
    {
        var i = 0;
        if (depthStride == 1)
        {
            for (; Avx512F.IsSupported && i <= present - 16; i += 16)
                TransposeSixteen(from + i * laneStride, laneStride, depth, width, to + i);
            for (; i <= present - 4; i += 4)
            {
                float* a = from + i * laneStride, b = a + laneStride, c = b + laneStride, d = c + laneStride, t = to + i;
                var k = 0;
                for (; k <= depth - 4; k += 4, t += 4 * width)
                {
                    var (va, vb, vc, vd) = (Vector128.Load(a + k), Vector128.Load(b + k), Vector128.Load(c + k), Vector128.Load(d + k));
                    var (ac, bd) = (ZipLow(va, vc), ZipLow(vb, vd));
                    ZipLow(ac, bd).Store(t);
                    ZipHigh(ac, bd).Store(t + width);
                    (ac, bd) = (ZipHigh(va, vc), ZipHigh(vb, vd));
                    ZipLow(ac, bd).Store(t + 2 * width);
                    ZipHigh(ac, bd).Store(t + 3 * width);
                }
                for (; k < depth; k++, t += width)
                    (t[0], t[1], t[2], t[3]) = (a[k], b[k], c[k], d[k]);
            }
        }
        for (; i < present; i++)
            for (var k = 0; k < depth; k++)
                to[(nint)k * width + i] = from[i * laneStride + k * depthStride];
    }

    // Four depths of sixteen lanes at a time: lanes 4 i of four quarters of a register are transposed as four lanes are in a small one.
    [MethodImpl(Lanes.Kernel)]
    private static void TransposeSixteen(float* from, nint laneStride, int depth, int width, float* to)
    {
        var k = 0;
        nint one = laneStride, four = 4 * laneStride;
        for (; k <= depth - 4; k += 4, from += 4, to += 4 * width)
        {
            Vector512<float> a = Quarters(from, four), b = Quarters(from + one, four), c = Quarters(from + 2 * one, four),
                d = Quarters(from + 3 * one, four);
            Vector512<float> ac = Avx512F.UnpackLow(a, c), bd = Avx512F.UnpackLow(b, d);
            Avx512F.UnpackLow(ac, bd).Store(to);
            Avx512F.UnpackHigh(ac, bd).Store(to + width);
            (ac, bd) = (Avx512F.UnpackHigh(a, c), Avx512F.UnpackHigh(b, d));
            Avx512F.UnpackLow(ac, bd).Store(to + 2 * width);
            Avx512F.UnpackHigh(ac, bd).Store(to + 3 * width);
        }
        for (; k < depth; k++, from++, to += width)
            for (var i = 0; i < 16; i++)
                to[i] = from[i * laneStride];
    }

    // Four floats each of every fourth lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quarters(float* lane, nint four)
    {
        var low = Avx.InsertVector128(Vector128.Load(lane).ToVector256Unsafe(), Vector128.Load(lane + four), 1);
        var high = Avx.InsertVector128(Vector128.Load(lane + 2 * four).ToVector256Unsafe(), Vector128.Load(lane + 3 * four), 1);
        return Avx512F.InsertVector256(low.ToVector512Unsafe(), high, 1);
    }

    // (a0, b0, a1, b1)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    // (a2, b2, a3, b3)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);
}
