namespace Mezcla.Tensors;

/// <summary>The type of the elements of a tensor.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32, the type in which every operation computes.</summary>
    Float32,

    /// <summary>
    /// The upper half of a <see cref="Float32"/>: 8 bits of exponent, 7 of fraction. It is a storage format: operations convert to
    /// <see cref="Float32"/>, compute and return <see cref="Float32"/>; operations that only move elements keep the type.
    /// </summary>
    BFloat16,

    /// <summary>Signed 32-bit integers: token ids, indices, offsets. They have no gradients.</summary>
    Int32,
}

/// <summary>The sizes of types.</summary>
public static class DTypes
{
    /// <summary>How many bytes an element has.</summary>
    public static int Bytes(this DType type) => type == DType.BFloat16 ? 2 : 4;
}
