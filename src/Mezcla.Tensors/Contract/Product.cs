namespace Mezcla.Tensors.Devices;

/// <summary>
/// Sizes of a batch of products C [m, n] = op(A) [m, k] · op(B) [k, n]; strides from one product of the batch to the next, in elements.
/// </summary>
public readonly record struct Product(int Batch, int M, int N, int K, bool TransposeA, bool TransposeB, long StrideA, long StrideB,
    long StrideC);
