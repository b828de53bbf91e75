using Mezcla.Tensors;

namespace Mezcla.Quantization;

/// <summary>
/// A quantized matrix that is made when it is first used. A token uses 8 of a layer's 64 experts, so a model whose experts are read on
/// demand answers long before all of it is read.
/// </summary>
/// <param name="rows">Number of outputs.</param>
/// <param name="columns">Number of inputs.</param>
/// <param name="make">Makes the matrix, once; if it throws, the next use tries again.</param>
public sealed class MatrixOnDemand(int rows, int columns, Func<IQuantizedMatrix> make) : IQuantizedMatrix
{
    private readonly Lock _gate = new();
    private IQuantizedMatrix? _made;
    private bool _disposed;

    /// <inheritdoc/>
    public int Rows => rows;

    /// <inheritdoc/>
    public int Columns => columns;

    /// <summary>Bytes in memory: none before the first use.</summary>
    public long Bytes => Volatile.Read(ref _made)?.Bytes ?? 0;

    /// <inheritdoc/>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        // An expert that no token chose.
        if (!x.IsEmpty)
            Made().Multiply(x, y);
    }

    /// <inheritdoc/>
    public void ReadRow(int row, Span<float> values) => Made().ReadRow(row, values);

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group) => Made().Multiply(x, y, first, offsets, group);

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rowsInAll) => Made().Lookup(ids, y, first, rowsInAll);

    /// <summary>Frees the matrix, if it was made.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _made?.Dispose();
        }
    }

    private IQuantizedMatrix Made()
    {
        if (Volatile.Read(ref _made) is { } made)
            return made;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_made is null)
                Volatile.Write(ref _made, make());
            return _made!;
        }
    }
}
