namespace Mezcla.Layers;

/// <summary>
/// What attention remembers of the tokens before, so that a new token costs one row: for each layer two tensors
/// [batch, capacity, heads, size] of which the first <see cref="Length"/> positions are filled.
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

    /// <summary>The most tokens it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Tokens it holds.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of the tensors it holds.</summary>
    public virtual long Bytes => _keys.Concat(_values).Sum(t => t is null ? 0 : t.Count * sizeof(float));

    /// <summary>
    /// Stores the keys and values [batch, time, heads, size] of new tokens behind the filled part and returns the whole tensors;
    /// the caller reads their first <see cref="Length"/> + time positions.
    /// <see cref="Advance"/> counts the tokens once every layer has stored them.
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

    /// <summary>Counts <paramref name="tokens"/> as stored.</summary>
    public void Advance(int tokens) => Length += tokens;

    /// <summary>Forgets all tokens after the first <paramref name="length"/>, as speculative decoding does with rejected ones.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Forgets everything; another batch size may follow.</summary>
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

    /// <summary>Throws where <paramref name="time"/> more tokens do not fit.</summary>
    protected void CheckRoom(int time)
    {
        if (Length + time > Capacity)
            throw new InvalidOperationException(
                $"The cache holds {Length} of {Capacity} tokens: {time} more do not fit. Reset it or make it larger.");
    }

    // Made outside of any scope: the cache outlives the step that fills it.
    private Tensor Allocate(Tensor like)
    {
        using var outside = TensorScope.Suspend();
        return Tensor.Zeros(like.DType, like.Device, like.Size(0), Capacity, like.Size(2), like.Size(3));
    }
}
