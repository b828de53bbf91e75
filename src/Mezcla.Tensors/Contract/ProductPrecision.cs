namespace Mezcla.Tensors;

/// <summary>
/// The precision to which the factors of matrix products are rounded before they are multiplied. Sums are always float32.
/// </summary>
public enum ProductPrecision
{
    /// <summary>Factors stay float32.</summary>
    Float32,

    /// <summary>
    /// Factors are rounded to bfloat16 (8 bits of precision, the range of float32), to nearest, ties to even.
    /// Tensor cores multiply these many times faster.
    /// </summary>
    BFloat16,
}
