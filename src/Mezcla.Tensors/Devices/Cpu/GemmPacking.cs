using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>
/// Copies part of a matrix into the order in which the tile kernels read it: strips of a fixed width, and within a strip all of its
/// lanes at depth 0, then all at depth 1, ... The lanes are rows of the left factor or columns of the right one. Transposing happens here.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>
    /// Packs <paramref name="lanes"/> lanes of <paramref name="depth"/> floats into strips of <paramref name="width"/>; the last strip is filled up with
    /// zeros. Lane i at depth d is source[i * laneStride + d * depthStride], where one of the strides is 1.
    /// </summary>
    [MethodImpl(Lanes.Kernel)]
    public static void Pack(float* source, nint laneStride, nint depthStride, int lanes, int depth, int width, float* target)
    {
        var lane = 0;
        if (laneStride == 1 && width == 8)
            for (; lane <= lanes - 32; lane += 32, target += (nint)32 * depth) CopyFourStrips(source + lane, depthStride, depth, target);
        for (; lane < lanes; lane += width, target += (nint)width * depth)
        {
            var present = Math.Min(width, lanes - lane);
            var from = source + lane * laneStride;
            if (present < width) new Span<float>(target, width * depth).Clear();
            if (laneStride == 1) CopyLanes(from, depthStride, present, depth, width, target);
            else TransposeLanes(from, laneStride, depthStride, present, depth, width, target);
        }
    }

    // Strips of eight lanes are half a cache line: four are filled together, so that each line and each page is visited once.
    [MethodImpl(Lanes.Kernel)]
    private static void CopyFourStrips(float* from, nint depthStride, int depth, float* to)
    {
        var strip = (nint)8 * depth;
        for (var d = 0; d < depth; d++, from += depthStride, to += 8)
        {
            Vector256.Store(Vector256.Load(from), to);
            Vector256.Store(Vector256.Load(from + 8), to + strip);
            Vector256.Store(Vector256.Load(from + 16), to + 2 * strip);
            Vector256.Store(Vector256.Load(from + 24), to + 3 * strip);
        }
    }

    // Lanes are neighbours in the source.
    [MethodImpl(Lanes.Kernel)]
    private static void CopyLanes(float* from, nint depthStride, int present, int depth, int width, float* to)
    {
        for (var d = 0; d < depth; d++, from += depthStride, to += width)
        {
            var i = 0;
            for (; i <= present - 16; i += 16) Vector512.Store(Vector512.Load(from + i), to + i);
            for (; i <= present - 8; i += 8) Vector256.Store(Vector256.Load(from + i), to + i);
            for (; i < present; i++) to[i] = from[i];
        }
    }

    // Depths are neighbours in the source: blocks of 4 lanes x 4 depths are transposed in registers.
    [MethodImpl(Lanes.Kernel)]
    private static void TransposeLanes(float* from, nint laneStride, nint depthStride, int present, int depth, int width, float* to)
    {
        var i = 0;
        if (depthStride == 1)
        {
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
                for (; k < depth; k++, t += width) (t[0], t[1], t[2], t[3]) = (a[k], b[k], c[k], d[k]);
            }
        }
        for (; i < present; i++)
            for (var k = 0; k < depth; k++) to[(nint)k * width + i] = from[i * laneStride + k * depthStride];
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
