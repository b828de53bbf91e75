using System.Numerics;

namespace Mezcla.Tensors;

/// <summary>
/// The memory pool of one device: released blocks are cached here by size and reused. Sizes are rounded up in steps of an eighth of an
/// octave, so that at most an eighth is wasted and tensors of similar sizes can use the same block.
/// </summary>
public sealed class MemoryPool(DeviceKernels kernels, long limit)
{
    private const long CollectFloor = 512L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Stack<Storage>> _free = [];
    private readonly List<WeakReference<Storage>> _all = [];
    private long _live, _peak, _cached, _collectAt = CollectFloor;
    private int _liveCount;
    private long _allocations;

    internal MemoryUse Use
    {
        get
        {
            lock (_gate)
                return new MemoryUse(_live, _peak, _cached, _liveCount, _allocations, Limit);
        }
    }

    internal long Limit { get; set; } = limit;

    internal void ResetPeak()
    {
        lock (_gate)
            _peak = _live;
    }

    /// <summary>Takes a block of at least <paramref name="bytes"/> bytes, which is not cleared. The caller releases it.</summary>
    /// <param name="bytes">How many bytes are needed.</param>
    /// <param name="label">What they are for, shown when memory runs out.</param>
    /// <exception cref="TensorMemoryException">The device has no room for it.</exception>
    public Storage Rent(long bytes, string label)
    {
        var size = Round(bytes);
        if (TakeCached(size) is not { } storage)
            storage = Grow(size, bytes, label);
        storage.Take(label);
        return storage;
    }

    internal void Return(Storage storage)
    {
        lock (_gate)
        {
            _live -= storage.Bytes;
            _liveCount--;
            _cached += storage.Bytes;
            if (!_free.TryGetValue(storage.Bytes, out var stack))
                _free[storage.Bytes] = stack = new Stack<Storage>();
            stack.Push(storage);
        }
    }

    /// <summary>Returns every cached block to the device.</summary>
    internal void Trim()
    {
        lock (_gate)
        {
            foreach (var stack in _free.Values)
                while (stack.TryPop(out var storage))
                {
                    _cached -= storage.Bytes;
                    GC.SuppressFinalize(storage);
                    kernels.Free(storage.Address, storage.Bytes);
                }
            _free.Clear();
            _all.RemoveAll(weak => !weak.TryGetTarget(out var storage) || !storage.IsLive);
        }
    }

    private Storage? TakeCached(long size)
    {
        lock (_gate)
        {
            if (!_free.TryGetValue(size, out var stack) || !stack.TryPop(out var storage))
                return null;
            _cached -= size;
            Count(size);
            return storage;
        }
    }

    private void Count(long size)
    {
        _live += size;
        _liveCount++;
        _peak = Math.Max(_peak, _live);
    }

    private Storage Grow(long size, long asked, string label)
    {
        // Tensors that nobody released wait for the garbage collector, which cannot see how much memory they hold. So call it when the
        // memory in use has doubled since the last time, and before giving up.
        if (_live + size > _collectAt || _live + _cached + size > Limit)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            _collectAt = Math.Max(CollectFloor, 2 * _live);
            if (TakeCached(size) is { } recovered)
                return recovered;
        }
        if (_live + _cached + size > Math.Min(Limit, _peak + _peak / 2 + (64L << 20)))
            Trim();
        var address = _live + size > Limit ? 0 : kernels.Allocate(size);
        if (address == 0)
        {
            Trim();
            address = _live + size > Limit ? 0 : kernels.Allocate(size);
        }
        if (address == 0)
            throw Exhausted(asked, label);
        var storage = new Storage(this, address, size);
        lock (_gate)
        {
            _allocations++;
            Count(size);
            _all.Add(new WeakReference<Storage>(storage, trackResurrection: true));
        }
        return storage;
    }

    private TensorMemoryException Exhausted(long asked, string label)
    {
        lock (_gate)
        {
            var holders = _all.Select(weak => weak.TryGetTarget(out var storage) && storage.IsLive ? storage : null).OfType<Storage>()
                .GroupBy(storage => storage.Label)
                .Select(group => (Label: group.Key, Count: group.Count(), Bytes: group.Sum(storage => storage.Bytes)))
                .OrderByDescending(group => group.Bytes).Take(5)
                .Select(group => $"{group.Label} {MemoryUse.Text(group.Bytes)} in {group.Count}");
            return new TensorMemoryException(
                $"{label} needs {MemoryUse.Text(asked)} on {kernels.Name}, where {MemoryUse.Text(_live)} of {MemoryUse.Text(Limit)} are " +
                $"in use. Largest holders: {string.Join("; ", holders.DefaultIfEmpty("none"))}. Use a smaller batch or model, or release " +
                "tensors sooner with a TensorScope.");
        }
    }

    private static long Round(long bytes)
    {
        if (bytes <= 512)
            return Math.Max(64, (bytes + 63) & ~63L);
        var step = 1L << (BitOperations.Log2((ulong)(bytes - 1)) - 3);
        return (bytes + step - 1) / step * step;
    }
}
