using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Walks over the rows of up to three strided arrays of one shape. Axes of size 1 are dropped, and neighbours that every array passes
/// through without a jump are merged, so that most calls have one or two axes left. Long rows are cut, short ones taken together: a chunk
/// is work for one thread.
/// </summary>
internal unsafe struct StridedLoop
{
    /// <summary>Elements in a chunk, about: 64 KB.</summary>
    internal const int ChunkFloats = 16384;

    private fixed int _sizes[Shape.MaxRank];
    private fixed long _a[Shape.MaxRank], _b[Shape.MaxRank], _c[Shape.MaxRank];
    private readonly int _rank, _length, _segments;
    private readonly long _pieces, _piecesPerChunk;

    internal StridedLoop(in Shape shape, ReadOnlySpan<long> aStrides, ReadOnlySpan<long> bStrides, ReadOnlySpan<long> cStrides = default)
    {
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var size = shape[axis];
            if (size == 1)
                continue;
            long stepA = aStrides[axis], stepB = bStrides[axis], stepC = cStrides.IsEmpty ? 0 : cStrides[axis];
            if (_rank > 0 && _a[_rank - 1] == stepA * size && _b[_rank - 1] == stepB * size && _c[_rank - 1] == stepC * size
                && (long)_sizes[_rank - 1] * size <= int.MaxValue)
                _sizes[_rank - 1] *= size;
            else
                _sizes[_rank++] = size;
            (_a[_rank - 1], _b[_rank - 1], _c[_rank - 1]) = (stepA, stepB, stepC);
        }
        _length = _rank > 0 ? _sizes[_rank - 1] : 1;
        _segments = Math.Max(1, (_length + ChunkFloats - 1) / ChunkFloats);
        _pieces = shape.Count == 0 ? 0 : _segments;
        for (var axis = 0; axis < _rank - 1; axis++)
            _pieces *= _sizes[axis];
        _piecesPerChunk = Math.Max(1, ChunkFloats / Math.Max(1, _length));
    }

    /// <summary>From one element of a row to the next; 1 where there is only one.</summary>
    internal readonly long StepA => _rank > 0 ? _a[_rank - 1] : 1;

    internal readonly long StepB => _rank > 0 ? _b[_rank - 1] : 1;

    internal readonly int Chunks => checked((int)((_pieces + _piecesPerChunk - 1) / _piecesPerChunk));

    /// <summary>The rows, or parts of rows, of a chunk: from (inclusive) and to (exclusive).</summary>
    internal readonly (long From, long To) Pieces(int chunk) => (chunk * _piecesPerChunk, Math.Min(_pieces, (chunk + 1) * _piecesPerChunk));

    /// <summary>Where a piece begins in each array. Returns its length.</summary>
    [MethodImpl(Lanes.Inline)]
    internal readonly int At(long piece, out long atA, out long atB, out long atC)
    {
        var row = _segments == 1 ? piece : piece / _segments;
        var start = _segments == 1 ? 0 : piece % _segments * ChunkFloats;
        (atA, atB, atC) = _rank > 0 ? (start * _a[_rank - 1], start * _b[_rank - 1], start * _c[_rank - 1]) : (0, 0, 0);
        for (var axis = _rank - 2; axis >= 0; axis--)
        {
            long size = _sizes[axis], rest = (row | size) >> 31 == 0 ? (uint)row / (uint)size : row / size, at = row - rest * size;
            row = rest;
            atA += at * _a[axis];
            atB += at * _b[axis];
            atC += at * _c[axis];
        }
        return _segments == 1 ? _length : (int)Math.Min(ChunkFloats, _length - start);
    }
}
