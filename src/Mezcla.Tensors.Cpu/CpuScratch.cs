using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Native working memory that each thread keeps for its kernels from call
/// to call; it grows to the largest size asked for.</summary>
internal static unsafe class CpuScratch
{
    /// <summary>Who uses a buffer: two kernels of one thread that run at the same time have different ones.</summary>
    public enum Use { LeftPanels, RightPanels, Kernel, Shared }

    [ThreadStatic] private static Buffer?[]? _buffers;

    /// <summary>At least <paramref name="count"/> floats, 64-byte aligned and not initialized. They stay valid until the next call for the
    /// same use.</summary>
    public static float* Floats(Use use, long count)
    {
        var buffers = _buffers ??= new Buffer?[Enum.GetValues<Use>().Length];
        ref var buffer = ref buffers[(int)use];
        if (buffer is null || buffer.Count < count)
        {
            buffer?.Free();
            buffer = new Buffer(count);
        }
        return buffer.Start;
    }

    private sealed class Buffer
    {
        public Buffer(long count)
        {
            Count = count;
            Start = (float*)NativeMemory.AlignedAlloc((nuint)(Math.Max(count, 1) * sizeof(float)), 64);
        }

        // A thread that ends leaves its buffers to the garbage collector.
        ~Buffer() => NativeMemory.AlignedFree(Start);

        public long Count { get; }

        public float* Start { get; }

        public void Free()
        {
            GC.SuppressFinalize(this);
            NativeMemory.AlignedFree(Start);
        }
    }
}
