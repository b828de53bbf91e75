namespace Mezcla.Quantization.Sparse;

/// <summary>Compressed sparse rows, CSR (Tinney and Walker 1967): for each row its non-zero values, beside each value its column in 16
/// bits, and in 32 bits for each row the place where the row begins. 6 bytes for each weight that is not zero.</summary>
public sealed unsafe class CompressedRows : SparseMatrix
{
    private readonly float[] _values;
    private readonly ushort[] _columns;
    private readonly int[] _starts;

    /// <summary>Stores the non-zero weights of W [rows, columns].</summary>
    /// <exception cref="ArgumentException">The weights do not fill the matrix, or it has more than 65,536 columns.</exception>
    public CompressedRows(int rows, int columns, ReadOnlySpan<float> weights) : base(rows, columns, weights)
    {
        if (columns > ushort.MaxValue + 1)
            throw new ArgumentException($"A column is stored in 16 bits, and the matrix has {columns} of them.", nameof(columns));
        _starts = new int[rows + 1];
        var count = weights.Length - weights.Count(0f);
        (_values, _columns) = (new float[count], new ushort[count]);
        var at = 0;
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                if (weights[row * columns + column] is var weight and not 0)
                {
                    _columns[at] = (ushort)column;
                    _values[at++] = weight;
                }
            _starts[row + 1] = at;
        }
    }

    /// <inheritdoc/>
    public override int Count => _values.Length;

    /// <inheritdoc/>
    public override long Bytes => (long)_values.Length * (sizeof(float) + sizeof(ushort)) + (long)_starts.Length * sizeof(int);

    internal override float Dot(int row, float* x)
    {
        float a = 0, b = 0, c = 0, d = 0;
        var (i, end) = (_starts[row], _starts[row + 1]);
        fixed (float* values = _values)
        fixed (ushort* columns = _columns)
        {
            // Four sums, so that an addition need not wait for the one before.
            for (; i + 4 <= end; i += 4)
            {
                a += values[i] * x[columns[i]];
                b += values[i + 1] * x[columns[i + 1]];
                c += values[i + 2] * x[columns[i + 2]];
                d += values[i + 3] * x[columns[i + 3]];
            }

            for (; i < end; i++)
                a += values[i] * x[columns[i]];
        }

        return a + b + (c + d);
    }

    internal override int Read(int row, Span<int> columns, Span<float> values)
    {
        var count = _starts[row + 1] - _starts[row];
        for (var i = 0; i < count; i++)
            columns[i] = _columns[_starts[row] + i];
        _values.AsSpan(_starts[row], count).CopyTo(values);
        return count;
    }
}
