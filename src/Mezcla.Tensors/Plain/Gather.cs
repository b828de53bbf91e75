namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, i, :] = x[o, ids[i], :], for rows of any type, counted in bytes. An embedding is the case outer = 1.</summary>
    public override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        var wrong = FirstOutside(ids, count, axis);
        for (long row = 0; row < outer * count && wrong < 0; row++)
        {
            var from = row / count * axis + Ints(ids)[row % count];
            Bytes(x).Part(from * rowBytes, rowBytes).CopyTo(Bytes(y).Part(row * rowBytes, rowBytes));
        }
        return wrong;
    }

    /// <summary>y[o, ids[i], :] += x[o, i, :], in the order of i: the derivative of gathering. Ids outside the axis are skipped.</summary>
    public override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
    {
        for (long at = 0; at < outer * count * row; at++)
        {
            var id = Ints(ids)[at / row % count];
            if (id >= 0 && id < axis)
                Floats(y)[(at / row / count * axis + id) * row + at % row] += Floats(x)[at];
        }
    }

    /// <summary>y[o, j, i] = x[o, index[o, j, i], i].</summary>
    public override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes,
        in IndexCheck check)
    {
        var wrong = FirstOutside(index, outer * count * inner, axis);
        for (long at = 0; at < outer * count * inner && wrong < 0; at++)
        {
            var from = Chosen(index, at, axis, inner, count) * elementBytes;
            Bytes(x).Part(from, elementBytes).CopyTo(Bytes(y).Part(at * elementBytes, elementBytes));
        }
        return wrong;
    }

    /// <summary>y[o, index[o, j, i], i] += x[o, j, i], in the order of j: the derivative of gathering.</summary>
    public override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        var wrong = FirstOutside(index, outer * count * inner, axis);
        for (long at = 0; at < outer * count * inner && wrong < 0; at++)
            Floats(y)[Chosen(index, at, axis, inner, count)] += Floats(x)[at];
        return wrong;
    }

    /// <summary>The position of element [o, index[o, j, i], i], where <paramref name="at"/> is the position of [o, j, i].</summary>
    private static long Chosen(Handle index, long at, long axis, long inner, long count)
        => (at / inner / count * axis + Ints(index)[at]) * inner + at % inner;

    /// <summary>The position of the first id that is not in 0..limit, or -1.</summary>
    private static long FirstOutside(Handle ids, long n, long limit)
    {
        for (long i = 0; i < n; i++)
            if (Ints(ids)[i] < 0 || Ints(ids)[i] >= limit)
                return i;
        return -1;
    }
}
