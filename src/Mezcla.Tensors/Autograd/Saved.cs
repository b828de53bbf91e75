namespace Mezcla.Tensors;

/// <summary>
/// A value that a node needs for its backward pass. The node keeps it alive, and detects whether it was changed in place.
/// </summary>
internal readonly struct Saved
{
    private readonly Handle _handle;
    private readonly int _version;

    internal Saved(Tensor tensor)
    {
        _handle = tensor.Handle;
        _handle.Storage!.AddReference();
        _version = _handle.Storage.Version;
    }

    /// <summary>A value that only the tape uses, such as the statistics of each row. The node takes over the reference.</summary>
    internal Saved(Storage owned)
    {
        _handle = new Handle(owned, 0);
        _version = owned.Version;
    }

    internal bool IsNull => _handle.IsNull;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">The value was changed in place after it was saved.</exception>
    internal Handle For(Node node)
    {
        if (_handle.Storage is { } storage && storage.Version != _version)
            throw new InvalidOperationException(
                $"Backward: a value that {node.Name} needs for its derivative was changed in place after {node.Name} ran " +
                    $"({storage.Version - _version} times). Change a Clone() instead, or call Backward first.");
        return _handle;
    }

    internal void Release() => _handle.Storage?.Release();
}
