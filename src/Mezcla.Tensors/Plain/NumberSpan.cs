namespace Mezcla.Tensors.Plain;

/// <summary>
/// The numbers from a handle to the end of its block of memory, indexed by long as in the device contract. Every access is checked, so a
/// kernel that reads or writes outside its block throws.
/// </summary>
internal readonly unsafe struct NumberSpan<T>(Handle handle) where T : unmanaged
{
    private readonly T* _first = (T*)handle.Address;
    private readonly long _count = handle.IsNull ? 0 : (handle.Storage!.Bytes - handle.Offset) / sizeof(T);

    /// <summary>Whether the handle was null, which means that the operand is absent.</summary>
    internal bool IsNull => _first is null;

    internal ref T this[long position]
    {
        get
        {
            if ((ulong)position >= (ulong)_count)
                throw new IndexOutOfRangeException();
            return ref _first[position];
        }
    }

    /// <summary>The first <paramref name="count"/> numbers from <paramref name="start"/> on.</summary>
    internal Span<T> Part(long start, long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)start + (ulong)count, (ulong)Math.Max(0, _count));
        return new Span<T>(_first + start, checked((int)count));
    }
}
