namespace Mezcla.Tensors;

/// <summary>
/// One block of a device's memory with its reference count. When it is released, the object returns to its pool together with the block and
/// is reused, so that a steady training step allocates none. Forgetting to release it costs only time: once nothing refers to it, the
/// finaliser returns the block.
/// </summary>
public sealed class Storage(MemoryPool pool, nint address, long bytes)
{
    private int _references;

    /// <summary>The start of the block: an address, or the device's own identifier.</summary>
    public nint Address { get; } = address;

    /// <summary>The size of the block in bytes, at least the size that was asked for.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The operation that last took the block; shown when memory runs out.</summary>
    internal string Label { get; private set; } = "";

    /// <summary>Increases with every change in place, so that the tape detects when a value it saved has changed.</summary>
    public int Version { get; private set; }

    internal bool IsShared => Volatile.Read(ref _references) > 1;

    internal bool IsLive => Volatile.Read(ref _references) > 0;

    internal MemoryPool Pool => pool;

    internal void Changed() => Version++;

    internal void Take(string label)
    {
        Label = label;
        _references = 1;
    }

    /// <summary>Adds a reference to the block.</summary>
    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Removes a reference; removing the last one returns the block to its pool.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        pool.Return(this);
    }

    /// <summary>Returns the block to its pool if nobody released it.</summary>
    ~Storage()
    {
        if (!IsLive)
            return;
        _references = 0;
        GC.ReRegisterForFinalize(this);
        pool.Return(this);
    }
}
