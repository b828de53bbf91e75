using System.Numerics;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

/// <summary>
/// The memory of one device: blocks that were released wait here, by size, for the next taker. Sizes are rounded up to steps
/// of an eighth of an octave, so that at most an eighth is wasted and nearby sizes can use the same block.
/// </summary>
public sealed class MemoryPool(DeviceKernels kernels, long limit)
{
    private const long CollectFloor = 512L << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<long, Stack<Storage>> free = [];
    private readonly List<WeakReference<Storage>> all = [];
    private long live, peak, cached, collectAt = CollectFloor;
    private int liveCount;
    private long allocations;

    internal MemoryUse Use
    {
        get
        {
            lock (gate)
                return new MemoryUse(live, peak, cached, liveCount, allocations, Limit);
        }
    }

    internal long Limit { get; set; } = limit;

    internal void ResetPeak()
    {
        lock (gate)
            peak = live;
    }

    /// <summary>A block of at least so many bytes, holding whatever it held before. The caller releases it.</summary>
    /// <param name="bytes">How many bytes are needed.</param>
    /// <param name="label">What they are for, shown when memory runs out.</param>
    /// <exception cref="TensorMemoryException">The device has no room for it.</exception>
    public Storage Rent(long bytes, string label)
    {
        long size = Round(bytes);
        if (TakeCached(size) is not { } storage)
            storage = Grow(size, bytes, label);
        storage.Take(label);
        return storage;
    }

    internal void Return(Storage storage)
    {
        lock (gate)
        {
            live -= storage.Bytes;
            liveCount--;
            cached += storage.Bytes;
            if (!free.TryGetValue(storage.Bytes, out var stack))
                free[storage.Bytes] = stack = new Stack<Storage>();
            stack.Push(storage);
        }
    }

    /// <summary>Gives every waiting block back to the device.</summary>
    internal void Trim()
    {
        lock (gate)
        {
            foreach (var stack in free.Values)
                while (stack.TryPop(out var storage))
                {
                    cached -= storage.Bytes;
                    GC.SuppressFinalize(storage);
                    kernels.Free(storage.Address, storage.Bytes);
                }
            free.Clear();
            all.RemoveAll(weak => !weak.TryGetTarget(out var storage) || !storage.IsLive);
        }
    }

    private Storage? TakeCached(long size)
    {
        lock (gate)
        {
            if (!free.TryGetValue(size, out var stack) || !stack.TryPop(out var storage))
                return null;
            cached -= size;
            Count(size);
            return storage;
        }
    }

    private void Count(long size)
    {
        live += size;
        liveCount++;
        peak = Math.Max(peak, live);
    }

    private Storage Grow(long size, long asked, string label)
    {
        // Tensors that nobody released wait for the garbage collector, which cannot see how large they are: call it when
        // what is held has doubled since the last time, and before giving up.
        if (live + size > collectAt || live + cached + size > Limit)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            collectAt = Math.Max(CollectFloor, 2 * live);
            if (TakeCached(size) is { } recovered)
                return recovered;
        }
        if (live + cached + size > Math.Min(Limit, peak + peak / 2 + (64L << 20)))
            Trim();
        nint address = live + size > Limit ? 0 : kernels.Allocate(size);
        if (address == 0)
        {
            Trim();
            address = live + size > Limit ? 0 : kernels.Allocate(size);
        }
        if (address == 0)
            throw Exhausted(asked, label);
        var storage = new Storage(this, address, size);
        lock (gate)
        {
            allocations++;
            Count(size);
            all.Add(new WeakReference<Storage>(storage, trackResurrection: true));
        }
        return storage;
    }

    private TensorMemoryException Exhausted(long asked, string label)
    {
        lock (gate)
        {
            var holders = all.Select(weak => weak.TryGetTarget(out var storage) && storage.IsLive ? storage : null).OfType<Storage>()
                .GroupBy(storage => storage.Label).Select(group => (Label: group.Key, Count: group.Count(), Bytes: group.Sum(storage => storage.Bytes)))
                .OrderByDescending(group => group.Bytes).Take(5).Select(group => $"{group.Label} {MemoryUse.Text(group.Bytes)} in {group.Count}");
            return new TensorMemoryException(
                $"{label} needs {MemoryUse.Text(asked)} on {kernels.Name}, where {MemoryUse.Text(live)} of {MemoryUse.Text(Limit)} are in use. " +
                $"Largest holders: {string.Join("; ", holders.DefaultIfEmpty("none"))}. Use a smaller batch or model, or release tensors sooner with a TensorScope.");
        }
    }

    private static long Round(long bytes)
    {
        if (bytes <= 512)
            return Math.Max(64, (bytes + 63) & ~63L);
        long step = 1L << (BitOperations.Log2((ulong)(bytes - 1)) - 3);
        return (bytes + step - 1) / step * step;
    }
}
