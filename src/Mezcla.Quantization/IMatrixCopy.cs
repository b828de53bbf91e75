using Mezcla.Tensors;

namespace Mezcla.Quantization;

/// <summary>What a device other than the CPU has of a <see cref="QuantizedMatrix"/>, and computes with it.</summary>
internal interface IMatrixCopy : IDisposable
{
    /// <summary>y[i, first to first + rows] = W·x[i] for every row i of x, or for
    /// those from offsets[group] to offsets[group + 1]. Before, these places of y are 0.</summary>
    void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group);

    /// <summary>y[i, :] = row ids[i] - first of W, if it has that row, as one of several
    /// matrices with <paramref name="rows"/> rows in all.</summary>
    void Lookup(Tensor ids, Tensor y, int first, int rows);
}
