namespace Mezcla.Tensors;

/// <summary>Working memory of one call: up to three blocks, released at its end.
/// (After an exception the finalisers take them back.)</summary>
internal ref struct Scratch(Device device)
{
    private Storage? _first, _second, _third;

    /// <summary>Room for <paramref name="count"/> Float32.</summary>
    internal Handle Rent(long count)
    {
        var storage = device.Pool.Rent(count * 4, "working memory");
        if (_first is null)
            _first = storage;
        else if (_second is null)
            _second = storage;
        else if (_third is null)
            _third = storage;
        else
            throw new InvalidOperationException("Scratch holds three blocks at most.");
        return new Handle(storage, 0);
    }

    public readonly void Dispose()
    {
        _first?.Release();
        _second?.Release();
        _third?.Release();
    }
}
