namespace Mezcla.Tensors.OpenCl;

/// <summary>One argument of a kernel: a buffer with its offset, a number, or the numbers of a struct.</summary>
internal readonly struct KernelArgument
{
    private KernelArgument(ArgumentKind kind, nint buffer = 0, long bits = 0, long[]? numbers = null)
        => (Kind, Buffer, Bits, Numbers) = (kind, buffer, bits, numbers);

    internal ArgumentKind Kind { get; }

    internal nint Buffer { get; }

    /// <summary>The number, or the offset into the buffer.</summary>
    internal long Bits { get; }

    internal long[]? Numbers { get; }

    public static implicit operator KernelArgument(Handle handle)
        => new(ArgumentKind.Buffer, handle.Storage?.Address ?? 0, handle.IsNull ? 0 : handle.Offset);

    public static implicit operator KernelArgument(long value) => new(ArgumentKind.Number, bits: value);

    public static implicit operator KernelArgument(ulong value) => new(ArgumentKind.Number, bits: unchecked((long)value));

    public static implicit operator KernelArgument(bool value) => new(ArgumentKind.Number, bits: value ? 1 : 0);

    public static implicit operator KernelArgument(float value) => new(ArgumentKind.Float, bits: BitConverter.SingleToInt32Bits(value));

    public static implicit operator KernelArgument(long[] numbers) => new(ArgumentKind.Struct, numbers: numbers);
}

internal enum ArgumentKind { Buffer, Number, Float, Struct }
