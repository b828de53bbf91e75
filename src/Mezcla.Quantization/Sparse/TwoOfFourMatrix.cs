using System.Runtime.Intrinsics;

namespace Mezcla.Quantization.Sparse;

/// <summary>At most two of every four neighbours of a row are not zero (Mishra et al. 2021): two values, and for each of them its place
/// among the four in 2 bits. A group with fewer values stores a zero among them. Every row takes the same number of bytes.</summary>
public sealed unsafe class TwoOfFourMatrix : SparseMatrix
{
    private const int Lanes = 8, Kept = 4;

    // For each byte, the places of two groups: which of four values stands in each of eight lanes. Lane 7 of what is shuffled is zero.
    private static readonly Vector256<int>[] Places = [.. Enumerable.Range(0, 256).Select(Spread)];

    private readonly float[] _values;
    private readonly byte[] _places;

    /// <summary>Stores W [rows, columns].</summary>
    /// <exception cref="ArgumentException">The weights do not fill the matrix, its columns are no multiple of 8, or more than two of four
    /// neighbours are not zero; the message says where.</exception>
    public TwoOfFourMatrix(int rows, int columns, ReadOnlySpan<float> weights) : base(rows, columns, weights)
    {
        if (columns % Lanes != 0)
            throw new ArgumentException($"A byte has the places of 8 columns, and 8 does not divide {columns}.", nameof(columns));
        _values = new float[weights.Length / 2];
        _places = new byte[weights.Length / Lanes];
        for (var group = 0; group < weights.Length / 4; group++)
        {
            var four = weights.Slice(group * 4, 4);
            var zeros = four.Count(0f);
            if (zeros < 2)
                throw new ArgumentException(
                    $"Row {group * 4 / columns}, columns {group * 4 % columns} to {group * 4 % columns + 3}: {4 - zeros} of 4 weights " +
                    "are not zero, and at most 2 may be.", nameof(weights));
            // The first zeros from the left stand in for weights that are missing, so that two places are always stored, in order.
            var (first, second, spare) = (-1, -1, zeros - 2);
            for (var i = 0; i < 4; i++)
            {
                if (four[i] == 0 && spare-- <= 0)
                    continue;
                (first, second) = first < 0 ? (i, second) : (first, i);
            }

            (_values[group * 2], _values[group * 2 + 1]) = (four[first], four[second]);
            _places[group / 2] |= (byte)((first | second << 2) << group % 2 * 4);
        }
    }

    /// <inheritdoc/>
    public override int Count => _values.Length;

    /// <inheritdoc/>
    public override long Bytes => (long)_values.Length * sizeof(float) + _places.LongLength;

    internal override float Dot(int row, float* x)
    {
        var (first, second) = (Vector256<float>.Zero, Vector256<float>.Zero);
        var bytes = Columns / Lanes;
        fixed (float* values = &_values[row * (Columns / 2)])
        fixed (byte* at = &_places[row * bytes])
        fixed (Vector256<int>* places = Places)
        {
            var i = 0;
            for (; i + 2 <= bytes; i += 2)
            {
                first = Vector256.FusedMultiplyAdd(
                    Vector256.ShuffleNative(Vector128.Load(values + i * Kept).ToVector256(), places[at[i]]),
                    Vector256.Load(x + i * Lanes), first);
                second = Vector256.FusedMultiplyAdd(
                    Vector256.ShuffleNative(Vector128.Load(values + (i + 1) * Kept).ToVector256(), places[at[i + 1]]),
                    Vector256.Load(x + (i + 1) * Lanes), second);
            }

            if (i < bytes)
                first = Vector256.FusedMultiplyAdd(
                    Vector256.ShuffleNative(Vector128.Load(values + i * Kept).ToVector256(), places[at[i]]),
                    Vector256.Load(x + i * Lanes), first);
        }

        return Vector256.Sum(first + second);
    }

    internal override int Read(int row, Span<int> columns, Span<float> values)
    {
        for (var i = 0; i < Columns / 2; i++)
        {
            var place = _places[(row * Columns + i * 2) / Lanes] >> i % 4 * 2 & 3;
            columns[i] = i / 2 * 4 + place;
        }

        _values.AsSpan(row * (Columns / 2), Columns / 2).CopyTo(values);
        return Columns / 2;
    }

    private static Vector256<int> Spread(int places)
    {
        Span<int> lanes = stackalloc int[Lanes];
        lanes.Fill(Lanes - 1);
        for (var i = 0; i < Kept; i++)
            lanes[i / 2 * 4 + (places >> i * 2 & 3)] = i;
        return Vector256.Create<int>(lanes);
    }
}
