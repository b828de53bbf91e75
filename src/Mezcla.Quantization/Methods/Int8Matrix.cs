using System.Numerics;
using System.Numerics.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// A matrix in 8 bits whose inputs are rounded to 8 bits as well, vector by vector: a scale for each row of W and one for each row of X.
/// With a threshold it is LLM.int8() (Dettmers et al. 2022, section 3.2): columns in which an input reaches the threshold are taken out of
/// the integer product and multiplied as floats. Weights of columns that calibration named are
/// kept as half-precision floats; those of others are the rounded ones.
/// </summary>
public sealed class Int8Matrix : IQuantizedMatrix
{
    /// <summary>LLM.int8()'s threshold.</summary>
    public const float OutlierThreshold = 6;

    private readonly sbyte[] _codes;
    private readonly float[] _scales;
    private readonly Dictionary<int, Half[]> _outliers = [];
    private readonly float _threshold;

    /// <summary>Rounds a matrix.</summary>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="weights">The weights, row after row; all must be finite.</param>
    /// <param name="threshold">Inputs of at least this magnitude make their column an outlier; infinity for none.</param>
    /// <param name="outlierColumns">Columns whose weights are kept as halves.</param>
    /// <exception cref="ArgumentException">The number of weights is not rows times columns, or a weight is not finite.</exception>
    public Int8Matrix(int rows, int columns, ReadOnlySpan<float> weights, float threshold = float.PositiveInfinity,
        IEnumerable<int>? outlierColumns = null)
    {
        if (weights.Length != (long)rows * columns)
            throw new ArgumentException($"[{rows}, {columns}] has {(long)rows * columns} numbers, not {weights.Length}.", nameof(weights));
        (Rows, Columns, _threshold) = (rows, columns, threshold);
        _codes = new sbyte[weights.Length];
        _scales = new float[rows];
        foreach (var column in outlierColumns ?? [])
        {
            var kept = new Half[rows];
            for (var row = 0; row < rows; row++)
                kept[row] = (Half)weights[row * columns + column];
            _outliers.TryAdd(column, kept);
        }
        var copy = new float[columns];
        for (var row = 0; row < rows; row++)
        {
            weights.Slice(row * columns, columns).CopyTo(copy);
            foreach (var column in _outliers.Keys)
                copy[column] = 0; // they must not widen the others' steps
            var largest = TensorPrimitives.MaxMagnitude<float>(copy);
            if (!float.IsFinite(largest))
                throw new ArgumentException($"Row {row} has a weight that is not finite.", nameof(weights));
            _scales[row] = Math.Abs(largest) / 127;
            Round(copy, _scales[row], _codes.AsSpan(row * columns, columns));
        }
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public long Bytes => _codes.LongLength + _scales.LongLength * sizeof(float) + _outliers.Count * (long)Rows * 2;

    /// <summary>Columns whose weights are halves.</summary>
    public IReadOnlyCollection<int> OutlierColumns => _outliers.Keys;

    /// <inheritdoc/>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        var tokens = x.Length / Columns;
        if (x.Length != (long)tokens * Columns || y.Length != (long)tokens * Rows)
            throw new ArgumentException($"A matrix of [{Rows}, {Columns}] cannot map {x.Length} inputs to {y.Length} outputs.");
        var floats = Enumerable.Range(0, Columns).Where(_outliers.ContainsKey).ToHashSet();
        if (float.IsFinite(_threshold))
            for (var i = 0; i < x.Length; i++)
                if (MathF.Abs(x[i]) >= _threshold)
                    floats.Add(i % Columns);
        var inputs = x.ToArray();
        var results = new float[y.Length];
        Parallel.For(0, tokens, token =>
        {
            var row = inputs.AsSpan(token * Columns, Columns).ToArray();
            foreach (var column in floats)
                row[column] = 0;
            var scale = Math.Abs(TensorPrimitives.MaxMagnitude<float>(row)) / 127;
            var rounded = new sbyte[Columns];
            if (float.IsFinite(scale))
                Round(row, scale, rounded);
            for (var i = 0; i < Rows; i++)
            {
                var sum = Dot(_codes.AsSpan(i * Columns, Columns), rounded) * (double)scale * _scales[i]; // NaN where an input is
                foreach (var column in floats)
                    sum += inputs[token * Columns + column] * (double)(_outliers.TryGetValue(column, out var kept)
                        ? (float)kept[i]
                        : _codes[i * Columns + column] * _scales[i]);
                results[token * Rows + i] = (float)sum;
            }
        });
        results.CopyTo(y);
    }

    /// <inheritdoc/>
    public void ReadRow(int row, Span<float> values)
    {
        for (var j = 0; j < Columns; j++)
            values[j] = _outliers.TryGetValue(j, out var kept) ? (float)kept[row] : _codes[row * Columns + j] * _scales[row];
    }

    /// <summary>Does nothing: the memory is managed.</summary>
    public void Dispose() { }

    private static void Round(ReadOnlySpan<float> values, float scale, Span<sbyte> codes)
    {
        for (var i = 0; i < values.Length; i++)
            codes[i] = (sbyte)(scale > 0 ? Math.Clamp(MathF.Round(values[i] / scale), -127, 127) : 0);
    }

    private static int Dot(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b)
    {
        var sum = Vector<int>.Zero;
        int i = 0, size = Vector<sbyte>.Count;
        for (; i + size <= a.Length; i += size)
        {
            Vector.Widen(new Vector<sbyte>(a[i..]), out var a0, out var a1);
            Vector.Widen(new Vector<sbyte>(b[i..]), out var b0, out var b1);
            Vector.Widen(a0 * b0, out var p0, out var p1); // |a·b| ≤ 127², which fits in 16 bits
            Vector.Widen(a1 * b1, out var p2, out var p3);
            sum += p0 + p1 + (p2 + p3);
        }
        var total = Vector.Sum(sum);
        for (; i < a.Length; i++)
            total += a[i] * b[i];
        return total;
    }
}
