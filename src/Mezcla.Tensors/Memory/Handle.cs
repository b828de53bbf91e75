namespace Mezcla.Tensors;

/// <summary>A place in a device's memory: what kernels are given. <see cref="Offset"/> is in bytes.</summary>
internal readonly record struct Handle(Storage? Storage, long Offset)
{
    internal bool IsNull => Storage is null;

    /// <summary>The address, on a device whose memory the processor can address.</summary>
    internal nint Address => Storage is null ? 0 : Storage.Address + (nint)Offset;

    internal Handle Plus(long bytes) => new(Storage, Offset + bytes);
}
