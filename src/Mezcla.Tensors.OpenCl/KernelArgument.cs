namespace Mezcla.Tensors.OpenCl;

/// <summary>One argument of a kernel: a buffer with its offset, a number, or the numbers of a struct.</summary>
public readonly struct KernelArgument
{
    private KernelArgument(ArgumentKind kind, nint buffer = 0, long bits = 0, long[]? numbers = null)
        => (Kind, Buffer, Bits, Numbers) = (kind, buffer, bits, numbers);

    internal ArgumentKind Kind { get; }

    internal nint Buffer { get; }

    /// <summary>The number, or the offset into the buffer.</summary>
    internal long Bits { get; }

    internal long[]? Numbers { get; }

    /// <summary>A buffer, at the offset of the handle; null for an operand that is not there.</summary>
    public static implicit operator KernelArgument(Handle handle)
        => new(ArgumentKind.Buffer, handle.Storage?.Address ?? 0, handle.IsNull ? 0 : handle.Offset);

    /// <summary>An integer.</summary>
    public static implicit operator KernelArgument(long value) => new(ArgumentKind.Number, bits: value);

    /// <summary>An integer without sign.</summary>
    public static implicit operator KernelArgument(ulong value) => new(ArgumentKind.Number, bits: unchecked((long)value));

    /// <summary>1 or 0.</summary>
    public static implicit operator KernelArgument(bool value) => new(ArgumentKind.Number, bits: value ? 1 : 0);

    /// <summary>A float.</summary>
    public static implicit operator KernelArgument(float value) => new(ArgumentKind.Float, bits: BitConverter.SingleToInt32Bits(value));

    /// <summary>The numbers of a struct.</summary>
    public static implicit operator KernelArgument(long[] numbers) => new(ArgumentKind.Struct, numbers: numbers);
}

internal enum ArgumentKind { Buffer, Number, Float, Struct }
