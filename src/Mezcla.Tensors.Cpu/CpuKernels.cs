using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>The CPU as a device: memory, and the kernels in the files beside this one.</summary>
internal sealed unsafe partial class CpuKernels : DeviceKernels
{
    public override string Name => "cpu";

    public override bool IsHostMemory => true;

    public override long MemoryLimit => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    public override nint Allocate(long bytes)
    {
        try
        {
            if (bytes < MemoryAdvice.HugePage)
                return (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            var block = (nint)NativeMemory.AlignedAlloc((nuint)bytes, MemoryAdvice.HugePage);
            MemoryAdvice.AskForHugePages(block, bytes);
            return block;
        }
        catch (OutOfMemoryException)
        {
            // The pool frees the blocks that wait to be freed, and then describes which tensors hold memory.
            return 0;
        }
    }

    public override void Free(nint address, long bytes) => NativeMemory.AlignedFree((void*)address);

    public override void Upload(ReadOnlySpan<byte> from, Handle to)
    {
        from.CopyTo(new Span<byte>((void*)to.Address, from.Length));
        GC.KeepAlive(to.Storage);
    }

    public override void Download(Handle from, Span<byte> to)
    {
        new ReadOnlySpan<byte>((void*)from.Address, to.Length).CopyTo(to);
        GC.KeepAlive(from.Storage);
    }

    private static float* Floats(Handle handle) => (float*)handle.Address;

    private static int* Ints(Handle handle) => (int*)handle.Address;

    /// <summary>Calls of at most 2³⁰ elements, which is what spans can hold.</summary>
    private static int Piece(long at, long n) => (int)Math.Min(n - at, 1 << 30);
}
