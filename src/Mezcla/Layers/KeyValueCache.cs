namespace Mezcla.Layers;

/// <summary>
/// The keys and values of earlier tokens, stored so that a new token needs only its own row to be computed: for each layer two tensors
/// [batch, capacity, heads, size]. Their first <see cref="Length"/> positions are filled.
/// </summary>
public class KeyValueCache : IDisposable
{
    private readonly Tensor?[] _keys, _values;

    /// <summary>An empty cache for a model of <paramref name="layers"/> layers and at most <paramref name="capacity"/> tokens.</summary>
    public KeyValueCache(int layers, int capacity)
    {
        Capacity = capacity;
        _keys = new Tensor?[layers];
        _values = new Tensor?[layers];
    }

    /// <summary>The largest number of tokens it can hold.</summary>
    public int Capacity { get; }

    /// <summary>The number of tokens it holds.</summary>
    public int Length { get; private set; }

    /// <summary>The size of its tensors in bytes.</summary>
    public virtual long Bytes => _keys.Concat(_values).Sum(t => t is null ? 0 : t.Count * sizeof(float));

    /// <summary>
    /// Stores the keys and values [batch, time, heads, size] of new tokens after the filled part and returns the whole tensors; the caller
    /// reads their first <see cref="Length"/> + time positions. Call <see cref="Advance"/> once every layer has stored the tokens.
    /// </summary>
    /// <exception cref="InvalidOperationException">The cache is full, or was filled with another batch size.</exception>
    public virtual (Tensor Keys, Tensor Values) Store(int layer, Tensor keys, Tensor values)
    {
        CheckRoom(keys.Size(1));
        var storedKeys = _keys[layer] ??= Allocate(keys);
        var storedValues = _values[layer] ??= Allocate(values);
        if (storedKeys.Size(0) != keys.Size(0))
            throw new InvalidOperationException(
                $"The cache was filled with a batch of {storedKeys.Size(0)}, not {keys.Size(0)}: reset it first.");
        storedKeys.SetSlice(1, Length, keys);
        storedValues.SetSlice(1, Length, values);
        return (storedKeys, storedValues);
    }

    /// <summary>Adds <paramref name="tokens"/> to the length, after every layer has stored them.</summary>
    public void Advance(int tokens) => Length += tokens;

    /// <summary>Discards all tokens after the first <paramref name="length"/>, as speculative decoding does with rejected ones.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Discards all tokens; the next ones may have another batch size.</summary>
    public void Reset()
    {
        Length = 0;
        Dispose();
    }

    /// <summary>Releases the tensors.</summary>
    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        for (var i = 0; i < _keys.Length; i++)
        {
            _keys[i]?.Dispose();
            _values[i]?.Dispose();
            _keys[i] = _values[i] = null;
        }
    }

    /// <summary>Throws if <paramref name="time"/> more tokens do not fit.</summary>
    protected void CheckRoom(int time)
    {
        if (Length + time > Capacity)
            throw new InvalidOperationException(
                $"The cache holds {Length} of {Capacity} tokens: {time} more do not fit. Reset it or make it larger.");
    }

    // Made outside any tensor scope, because the cache outlives the step that fills it.
    private Tensor Allocate(Tensor like)
    {
        using var outside = TensorScope.Suspend();
        return Tensor.Zeros(like.DType, like.Device, like.Size(0), Capacity, like.Size(2), like.Size(3));
    }
}
