using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Walks over the rows of up to three strided arrays of one shape. Axes of size 1 are dropped, and neighbours that every array passes through
/// without a jump are merged, so that most calls have one or two axes left. Long rows are cut, short ones taken together: a chunk is work
/// for one thread.
/// </summary>
internal unsafe struct StridedLoop
{
    /// <summary>Elements in a chunk, about: 64 KB.</summary>
    internal const int ChunkFloats = 16384;

    private fixed int sizes[Shape.MaxRank];
    private fixed long a[Shape.MaxRank], b[Shape.MaxRank], c[Shape.MaxRank];
    private readonly int rank, length, segments;
    private readonly long pieces, piecesPerChunk;

    internal StridedLoop(in Shape shape, ReadOnlySpan<long> aStrides, ReadOnlySpan<long> bStrides, ReadOnlySpan<long> cStrides = default)
    {
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            int size = shape[axis];
            if (size == 1)
                continue;
            long stepA = aStrides[axis], stepB = bStrides[axis], stepC = cStrides.IsEmpty ? 0 : cStrides[axis];
            if (rank > 0 && a[rank - 1] == stepA * size && b[rank - 1] == stepB * size && c[rank - 1] == stepC * size && (long)sizes[rank - 1] * size <= int.MaxValue)
                sizes[rank - 1] *= size;
            else
                sizes[rank++] = size;
            (a[rank - 1], b[rank - 1], c[rank - 1]) = (stepA, stepB, stepC);
        }
        length = rank > 0 ? sizes[rank - 1] : 1;
        segments = Math.Max(1, (length + ChunkFloats - 1) / ChunkFloats);
        pieces = shape.Count == 0 ? 0 : segments;
        for (int axis = 0; axis < rank - 1; axis++)
            pieces *= sizes[axis];
        piecesPerChunk = Math.Max(1, ChunkFloats / Math.Max(1, length));
    }

    /// <summary>From one element of a row to the next; 1 where there is only one.</summary>
    internal readonly long StepA => rank > 0 ? a[rank - 1] : 1;

    internal readonly long StepB => rank > 0 ? b[rank - 1] : 1;

    internal readonly int Chunks => checked((int)((pieces + piecesPerChunk - 1) / piecesPerChunk));

    /// <summary>The rows, or parts of rows, of a chunk: from (inclusive) and to (exclusive).</summary>
    internal readonly (long From, long To) Pieces(int chunk) => (chunk * piecesPerChunk, Math.Min(pieces, (chunk + 1) * piecesPerChunk));

    /// <summary>Where a piece begins in each array. Returns its length.</summary>
    [MethodImpl(Lanes.Inline)]
    internal readonly int At(long piece, out long atA, out long atB, out long atC)
    {
        long row = segments == 1 ? piece : piece / segments;
        long start = segments == 1 ? 0 : piece % segments * ChunkFloats;
        (atA, atB, atC) = rank > 0 ? (start * a[rank - 1], start * b[rank - 1], start * c[rank - 1]) : (0, 0, 0);
        for (int axis = rank - 2; axis >= 0; axis--)
        {
            long size = sizes[axis], rest = (row | size) >> 31 == 0 ? (uint)row / (uint)size : row / size, at = row - rest * size;
            row = rest;
            atA += at * a[axis];
            atB += at * b[axis];
            atC += at * c[axis];
        }
        return segments == 1 ? length : (int)Math.Min(ChunkFloats, length - start);
    }
}
