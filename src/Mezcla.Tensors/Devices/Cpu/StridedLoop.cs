namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>
/// Walks over the rows of up to three strided arrays of one shape. Axes of size 1 are dropped, and neighbours that every array passes through
/// without a jump are merged, so that most calls have one or two axes left.
/// </summary>
internal unsafe ref struct StridedLoop
{
    private fixed int sizes[Shape.MaxRank];
    private fixed long a[Shape.MaxRank], b[Shape.MaxRank], c[Shape.MaxRank];
    private readonly int rank;
    private long left, row;

    /// <summary>Elements in a row.</summary>
    internal int Length { get; }

    /// <summary>From one element of a row to the next.</summary>
    internal readonly long StepA => rank > 0 ? a[rank - 1] : 1;

    internal readonly long StepB => rank > 0 ? b[rank - 1] : 1;

    internal readonly long StepC => rank > 0 ? c[rank - 1] : 1;

    internal readonly long Rows => left;

    internal StridedLoop(in Shape shape, ReadOnlySpan<long> aStrides, ReadOnlySpan<long> bStrides, ReadOnlySpan<long> cStrides)
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
        Length = rank > 0 ? sizes[rank - 1] : 1;
        left = 1;
        for (int axis = 0; axis < rank - 1; axis++)
            left *= sizes[axis];
        if (Length == 0)
            left = 0;
    }

    /// <summary>Where the next row begins in each array; false at the end.</summary>
    internal bool Next(out long atA, out long atB, out long atC)
    {
        (atA, atB, atC) = (0, 0, 0);
        if (row >= left)
            return false;
        At(row++, out atA, out atB, out atC);
        return true;
    }

    /// <summary>Where a row begins in each array.</summary>
    internal readonly void At(long number, out long atA, out long atB, out long atC)
    {
        (atA, atB, atC) = (0, 0, 0);
        for (int axis = rank - 2; axis >= 0; axis--)
        {
            long at = number % sizes[axis];
            number /= sizes[axis];
            atA += at * a[axis];
            atB += at * b[axis];
            atC += at * c[axis];
        }
    }
}
