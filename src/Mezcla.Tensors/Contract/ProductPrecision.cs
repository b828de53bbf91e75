namespace Mezcla.Tensors;

/// <summary>What the factors of matrix products are rounded to before they are multiplied. Sums are always float32.</summary>
public enum ProductPrecision
{
    /// <summary>Not at all.</summary>
    Float32,

    /// <summary>To bfloat16 (8 bits of precision, the range of float32), to nearest, ties to
    /// even: what tensor cores multiply many times faster.</summary>
    BFloat16,
}
