using Mezcla.Layers;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// A cache that stores keys and values in fewer bits; each head's vector of each token is encoded separately. Attention reads floats, so
/// one layer at a time is decoded into memory that all layers share: only one of L layers takes the memory of floats.
/// </summary>
public sealed class QuantizedKeyValueCache : KeyValueCache
{
    private readonly NumberFormat _format;
    private readonly byte[]?[] _keys, _values;
    private Tensor? _decodedKeys, _decodedValues;

    /// <summary>An empty cache.</summary>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="capacity">The most tokens it can hold.</param>
    /// <param name="format">The format of a head's vector, such as <c>new AbsmaxFormat(8)</c>, which has one scale for it.</param>
    public QuantizedKeyValueCache(int layers, int capacity, NumberFormat format) : base(layers, capacity)
    {
        _format = format;
        (_keys, _values) = (new byte[]?[layers], new byte[]?[layers]);
    }

    /// <summary>Bytes of the encoded keys and values, and of one layer's as floats.</summary>
    public override long Bytes =>
        _keys.Concat(_values).Sum(b => b?.LongLength ?? 0) + ((_decodedKeys?.Count ?? 0) + (_decodedValues?.Count ?? 0)) * sizeof(float);

    /// <inheritdoc/>
    /// <remarks>The tensors hold one layer's tokens until the next call.</remarks>
    public override (Tensor Keys, Tensor Values) Store(int layer, Tensor newKeys, Tensor newValues)
    {
        CheckRoom(newKeys.Size(1));
        return (Store(_keys, ref _decodedKeys, layer, newKeys), Store(_values, ref _decodedValues, layer, newValues));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        Array.Clear(_keys);
        Array.Clear(_values);
        _decodedKeys?.Dispose();
        _decodedValues?.Dispose();
        (_decodedKeys, _decodedValues) = (null, null);
    }

    // [batch, time, heads, size]: token t of sequence b lies at b·capacity + t.
    private Tensor Store(byte[]?[] stored, ref Tensor? decoded, int layer, Tensor added)
    {
        int batch = added.Size(0), time = added.Size(1), heads = added.Size(2), size = added.Size(3),
            vectorBytes = (int)_format.BytesFor(size);
        var bytes = stored[layer] ??= new byte[checked(batch * Capacity * heads * vectorBytes)];
        if (bytes.Length != batch * Capacity * heads * vectorBytes)
            throw new InvalidOperationException($"The cache was filled with another batch than {batch}: reset it first.");
        if (decoded is null || decoded.Size(0) != batch || decoded.Size(2) != heads || decoded.Size(3) != size)
        {
            using var outside = TensorScope.Suspend();
            decoded?.Dispose();
            decoded = Tensor.Zeros(batch, Capacity, heads, size);
        }
        var from = added.AsReadOnlySpan();
        var to = decoded.AsSpan();
        for (var b = 0; b < batch; b++)
        {
            for (var i = 0; i < time * heads; i++)
                _format.Encode(from.Slice((b * time * heads + i) * size, size),
                    bytes.AsSpan(((b * Capacity + Length) * heads + i) * vectorBytes, vectorBytes), "the cache");
            for (var i = 0; i < (Length + time) * heads; i++)
                _format.Decode(bytes.AsSpan((b * Capacity * heads + i) * vectorBytes, vectorBytes),
                    to.Slice((b * Capacity * heads + i) * size, size));
        }
        return decoded;
    }
}
