namespace Mezcla.Tensors;

/// <summary>A value that a node needs for backward. The node holds it, and a later change in place is noticed.</summary>
internal readonly struct Saved
{
    private readonly Handle handle;
    private readonly int version;

    internal Saved(Tensor tensor)
    {
        handle = tensor.Handle;
        handle.Storage!.AddReference();
        version = handle.Storage.Version;
    }

    /// <summary>A value that only the tape uses, such as statistics of rows. The node takes over the reference.</summary>
    internal Saved(Storage owned)
    {
        handle = new Handle(owned, 0);
        version = owned.Version;
    }

    internal bool IsNull => handle.IsNull;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">It was changed in place after it was saved.</exception>
    internal Handle For(Node node)
    {
        if (handle.Storage is { } storage && storage.Version != version)
            throw new InvalidOperationException(
                $"Backward: a value that {node.Name} needs for its derivative was changed in place after {node.Name} ran ({storage.Version - version} times). Change a Clone() instead, or call Backward first.");
        return handle;
    }

    internal void Release() => handle.Storage?.Release();
}
