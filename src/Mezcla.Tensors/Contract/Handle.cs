namespace Mezcla.Tensors;

/// <summary>A position in a device's memory, as it is passed to kernels.</summary>
/// <param name="Storage">The block; null for an operand that is absent.</param>
/// <param name="Offset">The offset into the block, in bytes.</param>
public readonly record struct Handle(Storage? Storage, long Offset)
{
    /// <summary>Whether it stands for an operand that is absent.</summary>
    public bool IsNull => Storage is null;

    /// <summary>The address, on a device whose memory the CPU can address.</summary>
    public nint Address => Storage is null ? 0 : Storage.Address + (nint)Offset;

    /// <summary>The position <paramref name="bytes"/> bytes further on.</summary>
    public Handle Plus(long bytes) => new(Storage, Offset + bytes);
}
