namespace Mezcla.Tensors;

/// <summary>Working memory of one call: up to three blocks, released at its end. (After an exception the finalisers take them back.)</summary>
internal ref struct Scratch(Device device)
{
    private Storage? first, second, third;

    /// <summary>Room for <paramref name="count"/> Float32.</summary>
    internal Handle Rent(long count)
    {
        var storage = device.Pool.Rent(count * 4, "working memory");
        if (first is null)
            first = storage;
        else if (second is null)
            second = storage;
        else if (third is null)
            third = storage;
        else
            throw new InvalidOperationException("Scratch holds three blocks at most.");
        return new Handle(storage, 0);
    }

    public readonly void Dispose()
    {
        first?.Release();
        second?.Release();
        third?.Release();
    }
}
