using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Plain;

/// <summary>
/// The plain device: the whole device contract in simple loops. It defines what every kernel computes, and other devices are tested against
/// it: sums, statistics and transcendental functions are computed in double and rounded to float once, at the end. This file handles the
/// memory; each kernel and its derivative are in a file of their own in this folder.
/// </summary>
internal sealed partial class PlainKernels : DeviceKernels
{
    public override string Name => "plain";

    public override bool IsHostMemory => true;

    public override long MemoryLimit => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public override unsafe nint Allocate(long bytes)
    {
        try
        {
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        }
        catch (OutOfMemoryException)
        {
            // The pool frees its cached blocks and tries again; if that fails too, it reports which operations hold the memory.
            return 0;
        }
    }

    public override unsafe void Free(nint address, long bytes) => NativeMemory.AlignedFree((void*)address);

    public override void Upload(ReadOnlySpan<byte> from, Handle to)
    {
        from.CopyTo(Bytes(to).Part(0, from.Length));
        GC.KeepAlive(to.Storage);
    }

    public override void Download(Handle from, Span<byte> to)
    {
        Bytes(from).Part(0, to.Length).CopyTo(to);
        GC.KeepAlive(from.Storage);
    }

    private static NumberSpan<byte> Bytes(Handle handle) => new(handle);

    private static NumberSpan<float> Floats(Handle handle) => new(handle);

    private static NumberSpan<int> Ints(Handle handle) => new(handle);

    /// <summary>Overwrites a result, or adds to it, with one rounding.</summary>
    private static void Put(ref float result, double value, bool accumulate) => result = (float)(accumulate ? result + value : value);

    /// <summary>y[i] (+)= f(i) for every i below n, unless y is absent.</summary>
    private static void Put(Handle y, long n, Func<long, double> value, bool accumulate)
    {
        var to = Floats(y);
        for (long i = 0; i < n && !to.IsNull; i++)
            Put(ref to[i], value(i), accumulate);
    }

    /// <summary>The sum of f(i) for every i below n.</summary>
    private static double Sum(long n, Func<long, double> term)
    {
        var sum = 0.0;
        for (long i = 0; i < n; i++)
            sum += term(i);
        return sum;
    }

    /// <summary>Σ a·b over n numbers of each operand, each with its own stride.</summary>
    private static double Dot(NumberSpan<float> a, long inA, long stepA, NumberSpan<float> b, long inB, long stepB, long n)
    {
        var sum = 0.0;
        for (long i = 0; i < n; i++)
            sum += (double)a[inA + i * stepA] * b[inB + i * stepB];
        return sum;
    }
}
