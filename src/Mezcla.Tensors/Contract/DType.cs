namespace Mezcla.Tensors;

/// <summary>The type of the elements of a tensor.</summary>
public enum DType
{
    /// <summary>IEEE 754 binary32: what every operation computes in.</summary>
    Float32,

    /// <summary>
    /// The upper half of a <see cref="Float32"/>: 8 bits of exponent, 7 of fraction. A way to store: operations convert to
    /// <see cref="Float32"/>, compute and return <see cref="Float32"/>; what only moves elements keeps the type.
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
