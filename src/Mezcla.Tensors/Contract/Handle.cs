namespace Mezcla.Tensors;

/// <summary>A place in a device's memory: what kernels are given.</summary>
/// <param name="Storage">The block; null for an operand that is not there.</param>
/// <param name="Offset">How many bytes into the block.</param>
public readonly record struct Handle(Storage? Storage, long Offset)
{
    /// <summary>Whether it stands for an operand that is not there.</summary>
    public bool IsNull => Storage is null;

    /// <summary>The address, on a device whose memory the CPU can address.</summary>
    public nint Address => Storage is null ? 0 : Storage.Address + (nint)Offset;

    /// <summary>The place so many bytes further on.</summary>
    public Handle Plus(long bytes) => new(Storage, Offset + bytes);
}
