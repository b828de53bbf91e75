namespace Mezcla.Tensors;

/// <summary>
/// One block of a device's memory and the number of those who hold it. The object goes back to its pool with its block and
/// is used again, so that a steady training step makes none. Forgetting to release it costs only time: when nothing
/// refers to it any more, the finaliser takes the block back.
/// </summary>
public sealed class Storage(MemoryPool pool, nint address, long bytes)
{
    private int _references;

    /// <summary>Where the block begins: an address, or what the device uses for one.</summary>
    public nint Address { get; } = address;

    /// <summary>Size of the block, at least what was asked for.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>Which operation the block was last taken for; shown when memory runs out.</summary>
    internal string Label { get; private set; } = "";

    /// <summary>Grows with every change in place, so that the tape notices when a value it saved is no longer the one it saw.</summary>
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

    /// <summary>Holds the block once more.</summary>
    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Releases the block; the last release gives it back to its pool.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        pool.Return(this);
    }

    /// <summary>Gives the block back where nobody released it.</summary>
    ~Storage()
    {
        if (!IsLive)
            return;
        _references = 0;
        GC.ReRegisterForFinalize(this);
        pool.Return(this);
    }
}
