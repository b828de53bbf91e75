namespace Mezcla.Tensors;

/// <summary>
/// One block of a device's memory and the number of those who hold it. The object goes back to its pool with its block and
/// serves again, so a steady training step makes none. Whoever forgets to release it loses nothing but time: when nothing
/// refers to it any more, the finaliser takes the block back.
/// </summary>
internal sealed class Storage(MemoryPool pool, nint address, long bytes)
{
    private int references;

    /// <summary>Where the block begins: an address, or what the device uses for one.</summary>
    internal nint Address { get; } = address;

    /// <summary>Size of the block, at least what was asked for.</summary>
    internal long Bytes { get; } = bytes;

    /// <summary>Which operation the block was last taken for; shown when memory runs out.</summary>
    internal string Label { get; private set; } = "";

    /// <summary>Grows with every change in place, so that the tape notices when a value it saved is no longer the one it saw.</summary>
    internal int Version { get; private set; }

    /// <summary>Whether a tensor that is learned lies here, so that its numbers change only by changes in place.</summary>
    internal bool IsLearned { get; set; }

    /// <summary>On a GPU, its numbers rounded to bfloat16.</summary>
    internal NarrowCopy? Narrow { get; set; }

    internal bool IsShared => Volatile.Read(ref references) > 1;

    internal bool IsLive => Volatile.Read(ref references) > 0;

    internal MemoryPool Pool => pool;

    internal void Changed() => Version++;

    internal void Take(string label)
    {
        Label = label;
        IsLearned = false;
        references = 1;
    }

    internal void AddReference() => Interlocked.Increment(ref references);

    internal void Release()
    {
        if (Interlocked.Decrement(ref references) != 0)
            return;
        DropNarrow();
        pool.Return(this);
    }

    private void DropNarrow()
    {
        Narrow?.Copy.Release();
        Narrow = null;
    }

    ~Storage()
    {
        if (!IsLive)
            return;
        references = 0;
        // What it refers to may be on its way back as well, by itself.
        Narrow = null;
        GC.ReRegisterForFinalize(this);
        pool.Return(this);
    }
}
