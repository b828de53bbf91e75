using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Plain;

/// <summary>
/// The numbers from a handle to the end of its block of memory: a span whose positions are of type long, as in the device contract. Every
/// access is checked, so a kernel that leaves its block throws. Blocks of more than 2³¹ - 1 numbers are too large for this device.
/// </summary>
internal readonly ref struct Numbers<T> where T : unmanaged
{
    private readonly Span<T> _span;

    internal unsafe Numbers(Handle handle)
    {
        IsNull = handle.IsNull;
        if (!IsNull)
            _span = MemoryMarshal.Cast<byte, T>(new Span<byte>((void*)handle.Address, Length(handle)));
    }

    /// <summary>Whether the handle was null: the operand is not there.</summary>
    internal bool IsNull { get; }

    internal ref T this[long position] => ref _span[checked((int)position)];

    /// <summary>The first <paramref name="count"/> numbers from <paramref name="start"/> on.</summary>
    internal Span<T> Part(long start, long count) => _span.Slice(checked((int)start), checked((int)count));

    private static int Length(Handle handle) => (int)Math.Min(handle.Storage!.Bytes - handle.Offset, int.MaxValue);
}
