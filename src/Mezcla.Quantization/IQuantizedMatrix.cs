using Mezcla.Tensors;

namespace Mezcla.Quantization;

/// <summary>
/// A matrix W [rows, columns] of quantized numbers that multiplies float activations. It lies in the CPU's memory,
/// and a copy of it on each other device that has multiplied with it. It passes no gradients.
/// </summary>
public interface IQuantizedMatrix : IDisposable
{
    /// <summary>Number of outputs.</summary>
    int Rows { get; }

    /// <summary>Number of inputs.</summary>
    int Columns { get; }

    /// <summary>Bytes in memory.</summary>
    long Bytes { get; }

    /// <summary>On the CPU, Y = X·Wᵀ: [n, columns] → [n, rows].</summary>
    void Multiply(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>One row, decoded to floats.</summary>
    void ReadRow(int row, Span<float> values);

    /// <summary>On another device: y[i, first to first + <see cref="Rows"/>] = W·x[i] for every row i
    /// of x, or for those from offsets[group] to offsets[group + 1].</summary>
    /// <exception cref="NotSupportedException">That device has no products with such a matrix.</exception>
    void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group) => throw Missing(x.Device);

    /// <summary>On another device: y[i, :] = row ids[i] - first of W, if W has that row. W is one of several stacked matrices with
    /// <paramref name="rows"/> rows in all.</summary>
    /// <exception cref="NotSupportedException">That device has no products with such a matrix.</exception>
    void Lookup(Tensor ids, Tensor y, int first, int rows) => throw Missing(ids.Device);

    private NotSupportedException Missing(Device device)
        =>
        new(
            $"{device} cannot multiply with a {GetType().Name}, only with matrices in block formats such as Q8_0, Q4_0, Q4_K or Q6_K: " +
                "use this quantized model on the CPU, or the float model here.");
}
