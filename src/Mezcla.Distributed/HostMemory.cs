namespace Mezcla.Distributed;

/// <summary>
/// Parts of tensors in the memory that MPI reads and writes. On a GPU they are copied; MPI that reads a GPU's memory itself is not used.
/// </summary>
internal static class HostMemory
{
    /// <summary>Copies a part of the numbers of a Float32 tensor, counted in row-major order.</summary>
    public static void Read(Tensor tensor, int start, Span<float> values)
    {
        if (IsHere(tensor))
            tensor.AsReadOnlySpan().Slice(start, values.Length).CopyTo(values);
        else
        {
            using var scope = new TensorScope();
            tensor.Detach().Reshape(-1).Slice(0, start, values.Length).ToArray().CopyTo(values);
        }
    }

    /// <summary>Overwrites such a part.</summary>
    public static void Write(Tensor tensor, int start, ReadOnlySpan<float> values)
    {
        if (IsHere(tensor))
        {
            values.CopyTo(tensor.AsSpan()[start..]);
            return;
        }

        using var scope = new TensorScope();
        using var nothing = new NoGrad();
        tensor.Detach().Reshape(-1).SetSlice(0, start, Tensor.From(values, values.Length).To(tensor.Device));
    }

    /// <summary>All numbers; those of a tensor on the CPU are not copied.</summary>
    public static ReadOnlySpan<float> All(Tensor tensor) => IsHere(tensor) ? tensor.AsReadOnlySpan() : tensor.ToArray();

    private static bool IsHere(Tensor tensor) => tensor.Device == Device.Cpu;
}
