using System.Numerics;
using System.Runtime.Intrinsics;

namespace Mezcla.Quantization.Sparse;

/// <summary>One bit for every weight says whether it is there, and the values that are there follow one another. In 32 bits for each row
/// stands the place where its values begin.</summary>
public sealed unsafe class BitmapMatrix : SparseMatrix
{
    private const int Lanes = 8;

    // For each pattern of eight bits: which of the next stored values stands in each of eight places, −1 for a zero.
    private static readonly Vector256<int>[] Places = [.. Enumerable.Range(0, 256).Select(Spread)];

    private readonly float[] _values;
    private readonly byte[] _bits;
    private readonly int[] _starts;

    /// <summary>Stores the non-zero weights of W [rows, columns].</summary>
    /// <exception cref="ArgumentException">The weights do not fill the matrix, or its columns are no multiple of 8.</exception>
    public BitmapMatrix(int rows, int columns, ReadOnlySpan<float> weights) : base(rows, columns, weights)
    {
        if (columns % Lanes != 0)
            throw new ArgumentException($"A byte has the bits of 8 columns, and {columns} columns are no multiple of 8.", nameof(columns));
        _starts = new int[rows + 1];
        _bits = new byte[weights.Length / Lanes];
        // Eight values are read at once, also from the last place.
        _values = new float[weights.Length - weights.Count(0f) + Lanes];
        var at = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] != 0)
            {
                _bits[i / Lanes] |= (byte)(1 << i % Lanes);
                _values[at++] = weights[i];
            }

            if ((i + 1) % columns == 0)
                _starts[i / columns + 1] = at;
        }
    }

    /// <inheritdoc/>
    public override int Count => _values.Length - Lanes;

    /// <inheritdoc/>
    public override long Bytes => (long)Count * sizeof(float) + _bits.LongLength + (long)_starts.Length * sizeof(int);

    internal override float Dot(int row, float* x)
    {
        var (first, second) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var bytes = Columns / Lanes;
        fixed (float* all = _values)
        fixed (byte* bits = &_bits[row * bytes])
        fixed (Vector256<int>* places = Places)
        {
            var values = all + _starts[row];
            var i = 0;
            for (; i + 2 <= bytes; i += 2)
            {
                int low = bits[i], high = bits[i + 1];
                first = Vector256.FusedMultiplyAdd(Vector256.Shuffle(Vector256.Load(values), places[low]),
                    Vector256.Load(x + i * Lanes), first);
                values += BitOperations.PopCount((uint)low);
                second = Vector256.FusedMultiplyAdd(Vector256.Shuffle(Vector256.Load(values), places[high]),
                    Vector256.Load(x + (i + 1) * Lanes), second);
                values += BitOperations.PopCount((uint)high);
            }

            if (i < bytes)
                first = Vector256.FusedMultiplyAdd(Vector256.Shuffle(Vector256.Load(values), places[bits[i]]),
                    Vector256.Load(x + i * Lanes), first);
        }

        return Vector256.Sum(first + second);
    }

    internal override int Read(int row, Span<int> columns, Span<float> values)
    {
        var count = 0;
        for (var i = 0; i < Columns / Lanes; i++)
            for (uint left = _bits[row * (Columns / Lanes) + i]; left != 0; left &= left - 1)
                columns[count++] = i * Lanes + BitOperations.TrailingZeroCount(left);
        _values.AsSpan(_starts[row], count).CopyTo(values);
        return count;
    }

    private static Vector256<int> Spread(int bits)
    {
        var next = 0;
        Span<int> places = stackalloc int[Lanes];
        for (var i = 0; i < Lanes; i++)
            places[i] = (bits >> i & 1) != 0 ? next++ : -1;
        return Vector256.Create<int>(places);
    }
}
