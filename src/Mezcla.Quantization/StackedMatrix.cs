using Mezcla.Tensors;

namespace Mezcla.Quantization;

/// <summary>Several quantized matrices that share their inputs, stacked row-wise, each in its own
/// format: the projections of queries, keys and values, for example.</summary>
public sealed class StackedMatrix : IQuantizedMatrix
{
    private readonly IReadOnlyList<QuantizedMatrix> _parts;

    /// <summary>Stacks matrices and owns them from then on.</summary>
    /// <exception cref="ArgumentException">There are no matrices, or their numbers of columns differ.</exception>
    public StackedMatrix(IReadOnlyList<QuantizedMatrix> parts)
    {
        if (parts.Count == 0 || parts.Any(p => p.Columns != parts[0].Columns))
            throw new ArgumentException("To be stacked, matrices must have the same number of columns, and there must be at least one.",
                nameof(parts));
        _parts = parts;
        (Rows, Columns, Bytes) = (parts.Sum(p => p.Rows), parts[0].Columns, parts.Sum(p => p.Bytes));
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public long Bytes { get; }

    /// <summary>The matrices, first rows first.</summary>
    public IReadOnlyList<QuantizedMatrix> Parts => _parts;

    /// <inheritdoc/>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.Length % Columns != 0 || y.Length != (long)x.Length / Columns * Rows)
            throw new ArgumentException($"A matrix of [{Rows}, {Columns}] cannot map {x.Length} inputs to {y.Length} outputs.");
        if (x.IsEmpty)
            return;
        var first = 0;
        foreach (var part in _parts)
        {
            part.Multiply(x, y[first..], Rows);
            first += part.Rows;
        }
    }

    /// <inheritdoc/>
    public void ReadRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        var part = 0;
        for (; row >= _parts[part].Rows; part++)
            row -= _parts[part].Rows;
        _parts[part].ReadRow(row, values);
    }

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group)
    {
        foreach (var part in _parts)
        {
            part.Multiply(x, y, first, offsets, group);
            first += part.Rows;
        }
    }

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rows)
    {
        foreach (var part in _parts)
        {
            part.Lookup(ids, y, first, rows);
            first += part.Rows;
        }
    }

    /// <summary>Frees the parts.</summary>
    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }
}
